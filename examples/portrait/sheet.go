package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"strings"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini/trained"
)

// scenes are what a sheet shows a person in: the label, which is also what the prompt says.
var scenes = []string{
	"red t-shirt, in front of a blue wall",
	"yellow sweater, on a beach by day",
	"green hoodie, in a city at night",
	"white shirt, in front of a purple wall",
}

// The measures of a sheet, in pixels.
const (
	enlarged   = 2 // times
	margin     = 16
	lineHeight = 26
	textSize   = 19
)

// A sheet is a picture of a person and of what was drawn of them, side by side, each above its label.
type sheet struct {
	*image.NRGBA
	text font.Drawer
	next int // column
}

func newSheet(columns int) (*sheet, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	s := &sheet{NRGBA: image.NewNRGBA(image.Rect(0, 0, margin+columns*columnWidth, 2*margin+enlarged*trained.Height+2*lineHeight))}
	xdraw.Draw(s, s.Rect, image.White, image.Point{}, xdraw.Src)
	s.text = font.Drawer{Dst: s, Src: image.NewUniform(color.NRGBA{60, 60, 60, 255}), Face: face}
	return s, nil
}

const columnWidth = margin + enlarged*trained.Width

// add puts a picture, enlarged to the width of a column, above a label.
func (s *sheet) add(img image.Image, label string) {
	left := margin + s.next*columnWidth
	s.next++
	b := img.Bounds()
	width := columnWidth - margin
	height := width * b.Dy() / b.Dx()
	top := margin + (enlarged*trained.Height-height)/2
	xdraw.CatmullRom.Scale(s, image.Rect(left, top, left+width, top+height), img, b, xdraw.Src, nil)
	for i, line := range s.lines(label, width) {
		s.text.Dot = fixed.P(left, margin+enlarged*trained.Height+(i+1)*lineHeight)
		s.text.DrawString(line)
	}
}

// lines breaks a label after its comma if it is too long for one line.
func (s *sheet) lines(label string, width int) []string {
	if s.text.MeasureString(label).Ceil() <= width {
		return []string{label}
	}
	for i, r := range label {
		if r == ',' {
			return []string{label[:i+1], label[i+2:]}
		}
	}
	return []string{label}
}

// drawSheet draws a person of the miniature in all scenes. The metadata are those of one of the pictures, with all prompts.
func drawSheet(ctx context.Context, flags *cli.Flags) (img image.Image, m faceclip.Metadata, err error) {
	r, err := flags.Request(ctx)
	if err != nil {
		return nil, m, err
	}
	p, err := flags.Open(ctx)
	if err != nil {
		return nil, m, err
	}
	defer p.Close()
	flags.Follow(r, p)
	faces := r.Faces
	if r.Face != nil {
		faces = []image.Image{r.Face}
	}
	s, err := newSheet(len(faces) + len(scenes))
	if err != nil {
		return nil, m, err
	}
	for _, face := range faces {
		s.add(face, "the face")
	}
	var prompts []string
	for i, scene := range scenes {
		fmt.Printf("%d of %d: %s\n", i+1, len(scenes), scene)
		r.Prompt = "a person wearing a " + scene
		prompts = append(prompts, r.Prompt)
		img, err := cli.Generate(ctx, p, r)
		if err != nil {
			return nil, m, err
		}
		s.add(img, scene)
	}
	m, err = flags.Metadata(p, r)
	m.Prompt = strings.Join(prompts, "\n")
	return s.NRGBA, m, err
}
