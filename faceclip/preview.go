package faceclip

// previewSide is the largest side of a latent that a preview decodes.
const previewSide = 32

// shrunk returns the size of an h×w image whose larger side is cut to side, in proportion.
func shrunk(h, w, side int) (int, int) {
	if long := max(h, w); long > side {
		h, w = max(1, h*side/long), max(1, w*side/long)
	}
	return h, w
}

// addShrunk adds row y [w, C] of an image of h rows to the cells [rows, cols, C] over it: each becomes the mean of what is in it.
func addShrunk(cells []float32, rows, cols int, row []float32, y, h, w int) {
	channels, r := len(row)/w, ((y+1)*rows-1)/h
	height := (r+1)*h/rows - r*h/rows
	for c := range cols {
		left, right := c*w/cols, (c+1)*w/cols
		cell := cells[(r*cols+c)*channels:][:channels]
		for i, v := range row[left*channels : right*channels] {
			cell[i%channels] += v / float32(height*(right-left))
		}
	}
}
