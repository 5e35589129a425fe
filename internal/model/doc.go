// Package model is a model on disk: the folder that it lies in, its components with their checkpoints, which of their weights
// are in memory when, and a copy of all with weights of another type. What the networks are, package faceclip knows.
package model
