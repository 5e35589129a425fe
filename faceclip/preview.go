package faceclip

import "github.com/faceclip-go/faceclip-go/tensor"

// shrunk returns the size of an h×w image whose larger side is cut to side, in proportion.
func shrunk(h, w, side int) (int, int) {
	if long := max(h, w); long > side {
		h, w = max(1, h*side/long), max(1, w*side/long)
	}
	return h, w
}

// shrink stores the means of the cells of a grid of rows×cols over x [1, h, w, C] in dst.
func shrink(dst []float32, x tensor.Tensor, rows, cols int) {
	h, w, channels := x.Dim(1), x.Dim(2), x.Dim(3)
	in := tensor.Float32s(x)
	clear(dst)
	for r := range rows {
		top, bottom := r*h/rows, (r+1)*h/rows
		for c := range cols {
			left, right := c*w/cols, (c+1)*w/cols
			cell := dst[(r*cols+c)*channels:][:channels]
			for y := top; y < bottom; y++ {
				for i, v := range in[(y*w+left)*channels : (y*w+right)*channels] {
					cell[i%channels] += v / float32((bottom-top)*(right-left))
				}
			}
		}
	}
}
