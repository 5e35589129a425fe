// Package sampler turns noise into a latent: the starting noise, the noise levels of the steps, and the step itself.
//
// All of it is what the reference pipelines compute, number for number: a seed gives the picture that it gives there.
package sampler
