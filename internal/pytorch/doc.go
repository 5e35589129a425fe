// Package pytorch reads the weights in a file that torch.save has written from a state dict: a dict whose keys are
// names and whose values are tensors.
//
// Such a file, PyTorch 1.6 or later, is a zip archive without compression:
//
//	ROOT/data.pkl   the dict, a pickle in which every tensor is a view (offset, size, stride) of a storage
//	ROOT/byteorder  "little"; missing in older files
//	ROOT/version    "3"
//	ROOT/data/KEY   the elements of storage KEY
//
// A pickle is a program. This package does not run it as Python would: it knows the few instructions and the few names
// that a state dict needs, none of which does more than put values together, and takes anything else for an error.
//
// Reading takes files from strangers: whatever the bytes are, the result is a checkpoint whose tensors lie inside the
// file, or an error that names the file. Tensors are views of the mapped file, except those whose layout a
// [tensor.Tensor] cannot have, which are copied.
package pytorch
