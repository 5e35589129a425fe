// Package nn holds layers whose weights come from a checkpoint.
//
// A network's constructor names its layers with their shapes: it is the map of the checkpoint.
//
//	up:   p.Linear("mlp.fc1", d, 4*d).With(backend.ReLU6),
//	down: p.Linear("mlp.fc2", 4*d, d),
//
// What does not fit is collected and reported all at once by [Params.Err]. Matrices are used as they are stored, where
// they are mapped; vectors become F32; the weights of k×k convolutions are laid out anew.
package nn
