package picture

import (
	"image"
	"image/color"
	"image/draw"
)

// Row fills pix with pixels of img from (x, y) to the right: red, green, blue and 255. Alpha is dropped, as Pillow's
// convert("RGB") does: colours are those that are stored, whether they are seen or not.
func Row(pix []uint8, img image.Image, x, y int) {
	switch img := img.(type) {
	case *image.NRGBA:
		at := img.PixOffset(x, y)
		copy(pix, img.Pix[at:at+len(pix)])
		cover(pix)
	case *image.RGBA:
		at := img.PixOffset(x, y)
		copy(pix, img.Pix[at:at+len(pix)])
		divide(pix)
	case *image.NRGBA64:
		for i := 0; i < len(pix); i += 4 {
			c := img.NRGBA64At(x+i/4, y)
			pix[i], pix[i+1], pix[i+2], pix[i+3] = uint8(c.R>>8), uint8(c.G>>8), uint8(c.B>>8), 255
		}
	case *image.RGBA64:
		for i := 0; i < len(pix); i += 4 {
			c := img.RGBA64At(x+i/4, y)
			pix[i], pix[i+1], pix[i+2], pix[i+3] = divided(c.R, c.A), divided(c.G, c.A), divided(c.B, c.A), 255
		}
	case *image.Gray, *image.Gray16, *image.YCbCr, *image.CMYK: // opaque, and package draw needs no memory for them
		row := image.Rect(0, 0, len(pix)/4, 1)
		draw.Draw(&image.RGBA{Pix: pix, Stride: len(pix), Rect: row}, row, img, image.Pt(x, y), draw.Src)
	default:
		for i := 0; i < len(pix); i += 4 {
			c := Colour(img.At(x+i/4, y))
			pix[i], pix[i+1], pix[i+2], pix[i+3] = c.R, c.G, c.B, 255
		}
	}
}

// Cover makes the pixels of img opaque where it has its alpha apart from its colours, and tells whether it could. A picture
// that is opaque anyway stays as it is.
func Cover(img image.Image, stop func() bool) bool {
	switch img := img.(type) {
	case *image.Gray, *image.Gray16, *image.YCbCr, *image.CMYK:
		return true
	case *image.Paletted:
		for i, c := range img.Palette {
			img.Palette[i] = Colour(c)
		}
		return true
	case *image.NRGBA:
		for y := img.Rect.Min.Y; y < img.Rect.Max.Y && !stop(); y++ {
			at := img.PixOffset(img.Rect.Min.X, y)
			cover(img.Pix[at : at+4*img.Rect.Dx()])
		}
		return true
	case *image.RGBA:
		for y := img.Rect.Min.Y; y < img.Rect.Max.Y && !stop(); y++ {
			at := img.PixOffset(img.Rect.Min.X, y)
			divide(img.Pix[at : at+4*img.Rect.Dx()])
		}
		return true
	}
	return false
}

// Colour returns a colour without its alpha.
func Colour(c color.Color) color.NRGBA {
	var opaque color.NRGBA
	switch c := c.(type) {
	case color.NRGBA:
		opaque = c
	case color.NRGBA64:
		opaque = color.NRGBA{R: uint8(c.R >> 8), G: uint8(c.G >> 8), B: uint8(c.B >> 8)}
	case color.NYCbCrA:
		opaque.R, opaque.G, opaque.B = color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
	default:
		opaque = color.NRGBAModel.Convert(c).(color.NRGBA)
	}
	opaque.A = 255
	return opaque
}

// cover makes pixels opaque.
func cover(pix []uint8) {
	for i := 3; i < len(pix); i += 4 {
		pix[i] = 255
	}
}

// divide makes pixels opaque whose alpha is multiplied into their colours. Where it was none, what is stored is all there is.
func divide(pix []uint8) {
	for i := 0; i < len(pix); i += 4 {
		p := pix[i : i+4 : i+4]
		if alpha := uint(p[3]); alpha > 0 && alpha < 255 {
			for k, v := range p[:3] {
				p[k] = uint8(min(255*uint(v)/alpha, 255))
			}
		}
		p[3] = 255
	}
}

// divided returns the upper byte of a colour without the alpha that is multiplied into it.
func divided(v, alpha uint16) uint8 {
	if alpha == 0 {
		return uint8(v >> 8)
	}
	return uint8(min(0xffff*uint32(v)/uint32(alpha), 0xffff) >> 8)
}
