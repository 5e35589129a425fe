package main

import (
	"context"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// What the inputs are of: a noise level in the middle, and the size of the picture.
const (
	step = 500
	side = 512
)

// A network reads its inputs from a file and puts its results, on the host, into a map. Without one it is measured.
type network interface {
	forward(s *backend.Stream, inputs nn.Source, results map[string]tensor.Tensor)
}

func open(ctx context.Context, f *model.Folder, name string) (network, error) {
	switch name {
	case "unet":
		return openUNet(ctx, f)
	case "decoder":
		return openDecoder(ctx, f)
	case "encoder":
		return openEncoder(ctx, f)
	}
	return nil, fmt.Errorf("-network %q: only unet, decoder and encoder are known", name)
}

type unet struct {
	config sdxl.Config
	net    *sdxl.UNet
}

func openUNet(ctx context.Context, f *model.Folder) (*unet, error) {
	c, err := model.ReadConfig[sdxl.Config](f, "unet/config.json")
	if err != nil {
		return nil, err
	}
	u := &unet{config: c}
	_, err = f.Component(ctx, "unet", func(p nn.Params) { u.net = sdxl.New(p, c) })
	return u, err
}

// forward is one guided step: a batch of two.
func (u *unet) forward(s *backend.Stream, inputs nn.Source, results map[string]tensor.Tensor) {
	x, text, pooled := put(s, inputs, "x"), put(s, inputs, "text"), get(inputs, "pooled")
	batch := x.Dim(0)
	time := s.Table(func(dst []float32) { repeat(dst, u.config.Time(step)) }, batch, u.config.Channels[0])
	added := s.Table(func(dst []float32) {
		for b := range batch {
			dst = dst[copy(dst, u.config.Added(tensor.Float32s(pooled.Slice(0, b, b+1)), side, side)):]
		}
	}, batch, u.config.AddedWidth)
	keep(s, results, "eps", u.net.Forward(s, x, time, added, text))
}

type decoder struct{ net *vae.Decoder }

func openDecoder(ctx context.Context, f *model.Folder) (*decoder, error) {
	c, err := model.ReadConfig[vae.Config](f, "vae/config.json")
	if err != nil {
		return nil, err
	}
	d := &decoder{}
	_, err = f.Component(ctx, "vae", func(p nn.Params) { d.net = vae.NewDecoder(p, c) })
	return d, err
}

func (d *decoder) forward(s *backend.Stream, inputs nn.Source, results map[string]tensor.Tensor) {
	y := s.New(1, side, side, 3)
	d.net.Into(s, y, put(s, inputs, "z"))
	keep(s, results, "picture", y)
}

type faceCLIP struct{ net *encoder.Encoder }

func openEncoder(ctx context.Context, f *model.Folder) (*faceCLIP, error) {
	c, err := model.ReadConfig[encoder.Config](f, "face_clip_encoder/config.json")
	if err != nil {
		return nil, err
	}
	e := &faceCLIP{}
	_, err = f.Component(ctx, "face_clip_encoder", func(p nn.Params) { e.net = encoder.New(p, c) })
	return e, err
}

// forward is a prompt with a face, through both branches.
func (e *faceCLIP) forward(s *backend.Stream, inputs nn.Source, results map[string]tensor.Tensor) {
	in := encoder.Input{IDs: tensor.Int32s(get(inputs, "ids")), Faces: [][]float32{tensor.Float32s(get(inputs, "face"))}}
	for i, replaced := range tensor.Int32s(get(inputs, "replaced")) {
		if replaced != 0 {
			in.Replaced = append(in.Replaced, i)
		}
	}
	out := e.net.Forward(s, in)
	keep(s, results, "context", out.Context)
	keep(s, results, "pooled", out.Pooled)
}

// get returns an input.
func get(inputs nn.Source, name string) tensor.Tensor {
	t, ok := inputs.Get(name)
	if !ok {
		panic("inputs.safetensors lacks " + name)
	}
	return t
}

// put returns an input as activations.
func put(s *backend.Stream, inputs nn.Source, name string) tensor.Tensor {
	t := get(inputs, name)
	return s.Put(tensor.Float32s(t), t.Shape()...)
}

// keep copies a result to the host.
func keep(s *backend.Stream, results map[string]tensor.Tensor, name string, t tensor.Tensor) {
	if results != nil {
		results[name] = tensor.FromFloat32s(s.Floats(t), t.Shape()...)
	}
}

func repeat(dst, row []float32) {
	for len(dst) > 0 {
		dst = dst[copy(dst, row):]
	}
}
