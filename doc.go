// Package faceclipgo draws portraits of a person from a picture of the face and a prompt. It is the root of the module and
// empty: programs import faceclip, which stands on
//
//	faceclip/encoder, sdxl, sampler   what the pipeline is made of
//	nn, nn/…                          layers, and networks that pipelines share
//	backend, backend/cpu              checked operations, and a device to run them
//	tensor                            what an array is
//
// docs/architecture.md says where everything is.
package faceclipgo
