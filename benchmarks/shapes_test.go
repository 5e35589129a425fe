// Package benchmarks measures the kernels and the networks at the sizes of the published models. README.md says how and
// with which results.
package benchmarks

import "fmt"

// A gemmShape is x [M, K] times w [N, K] transposed.
type gemmShape struct {
	name    string
	m, n, k int
}

// gemmShapes are matrix products of FaceCLIP-SDXL at 864×1152, batch 2.
var gemmShapes = []gemmShape{
	{"text", 77, 1280, 1280},
	{"text-up", 77, 5120, 1280},
	{"text-down", 77, 1280, 5120},
	{"vit-up", 144, 3072, 768},
	{"cross-key", 154, 1280, 2048},
	{"unet-640", 7776, 640, 640},
	{"unet-1280", 1944, 1280, 1280},
	{"unet-1280-up", 1944, 10240, 1280},
	{"unet-1280-down", 1944, 1280, 5120},
	{"square-512", 512, 512, 512},
	{"small", 512, 256, 256},
	{"one-row", 1, 18432, 3072}, // as of a modulation of FaceT5-FLUX: memory binds
	{"two-rows", 2, 9216, 3072},
	{"16-rows", 16, 9216, 3072},
}

// A convShape is a 3×3 convolution of an image.
type convShape struct {
	name          string
	batch, h, w   int
	in, out       int
	norm, upscale bool
}

// convShapes are convolutions of the U-Net and of the decoder.
var convShapes = []convShape{
	{"unet-320", 2, 144, 108, 320, 320, true, false},
	{"unet-960-320", 2, 144, 108, 960, 320, true, false},
	{"unet-640", 2, 72, 54, 640, 640, true, false},
	{"unet-1280", 2, 36, 27, 1280, 1280, true, false},
	{"unet-2560-1280", 2, 36, 27, 2560, 1280, true, false},
	{"decoder-512", 1, 144, 108, 512, 512, true, false},
	{"decoder-512-up", 1, 144, 108, 512, 512, false, true},
	{"decoder-256", 1, 288, 216, 256, 256, true, false},
	{"decoder-128", 1, 576, 432, 128, 128, true, false},
	{"plain-128", 1, 576, 432, 128, 128, false, false},
}

// An attentionShape is attention of lq queries to lk keys.
type attentionShape struct {
	name                    string
	batch, lq, lk, heads, d int
}

// attentionShapes are attentions of the U-Net and of the decoder.
var attentionShapes = []attentionShape{
	{"self-640", 2, 3888, 3888, 10, 64},
	{"self-1280", 2, 972, 972, 20, 64},
	{"cross-1280", 2, 972, 77, 20, 64},
	{"long-1280", 1, 1024, 1024, 20, 64},
	{"decoder", 1, 3888, 3888, 1, 512},
}

// A size is a picture's.
type size struct{ width, height int }

func (s size) String() string { return fmt.Sprintf("%dx%d", s.width, s.height) }

// sizes are the pictures that the networks are measured at.
var sizes = []size{{512, 512}, {864, 1152}}
