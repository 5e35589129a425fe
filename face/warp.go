package face

import "image"

// warp returns a grey picture whose pixel (x, y) is taken from s(x, y) in img, between four pixels in proportion. Outside
// of img its edge goes on.
func warp(img *image.Gray, s similarity, width, height int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, width, height))
	const one = 1 << 16
	dx, dy := int(s.a*one), int(s.b*one)
	for v := range height {
		p := s.at(Point{0, float64(v)})
		x, y := int(p.X*one), int(p.Y*one)
		row := out.Pix[v*out.Stride : v*out.Stride+width]
		for u := range row {
			row[u] = between(img, x, y)
			x, y = x+dx, y+dy
		}
	}
	return out
}

// between interpolates at a position in units of 1/65536.
func between(img *image.Gray, x, y int) uint8 {
	i, j := x>>16, y>>16
	fx, fy := (x>>8)&255, (y>>8)&255
	var a, b, c, d int
	if i >= 0 && j >= 0 && i+1 < img.Rect.Max.X && j+1 < img.Rect.Max.Y {
		p := img.Pix[j*img.Stride+i:]
		a, b, c, d = int(p[0]), int(p[1]), int(p[img.Stride]), int(p[img.Stride+1])
	} else {
		a, b = int(pixel(img, i, j)), int(pixel(img, i+1, j))
		c, d = int(pixel(img, i, j+1)), int(pixel(img, i+1, j+1))
	}
	upper, lower := a*(256-fx)+b*fx, c*(256-fx)+d*fx
	return uint8((upper*(256-fy) + lower*fy + 1<<15) >> 16)
}

// cut returns what is under a square of side pixels, whose pixel (x, y) is at s(x, y) in the photo. It reads the level
// that is just fine enough, so that shrinking averages.
func (p pyramid) cut(s similarity, side int) *image.Gray {
	level := 0
	for level+1 < len(p) && s.scale() >= 1.5*float64(int(2)<<level)/2 {
		level++
	}
	return warp(p[level], toPhoto(level).inverse().after(s), side, side)
}

func (s similarity) inverse() similarity {
	n := s.a*s.a + s.b*s.b
	r := similarity{a: s.a / n, b: -s.b / n}
	p := r.at(Point{s.x, s.y})
	r.x, r.y = -p.X, -p.Y
	return r
}
