// Package faceclipgo draws portraits of a person from a picture of the face and a prompt. It is the root of the module and
// empty: programs import faceclip, which stands on
//
//	faceclip/encoder, sdxl            the networks of FaceCLIP-SDXL
//	facet5/encoder, flux              the networks of FaceT5-FLUX
//	nn, nn/clip, nn/t5, nn/vit,       layers, and networks that both share: text towers, face transformer,
//	nn/fuse, nn/vae                   fuser, decoder
//	sampler                           noise, noise levels, steps
//	face                              from a photo to an aligned face
//	backend                           checked operations on arrays
//	backend/cpu                       a device to run them on
//	backend/backendtest               what a device has to compute, as tests
//	tensor                            what an array is
//	mini                              miniature models, for tests
//
// examples has programs, benchmarks what they take. docs/architecture.md says where everything is.
package faceclipgo
