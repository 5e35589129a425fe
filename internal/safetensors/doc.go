// Package safetensors reads and writes checkpoints in the safetensors format.
//
// A file is an eight-byte little-endian length, a JSON header of that length and the data:
//
//	{"__metadata__":{"key":"text"},"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, …}
//
// Reading takes files from strangers: whatever the bytes are, the result is a checkpoint whose tensors lie inside the
// file, or an error that names the file. Tensors are views of the mapped file; opening reads only the header.
package safetensors
