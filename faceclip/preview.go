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

// addShrunk adds a row [w, C] of an image to the row [cols, C] of cells that it is in, which has so many of them: each cell
// becomes the mean of what is in it.
func addShrunk(cells, row []float32, cols, w, height int) {
	channels := len(cells) / cols
	for c := range cols {
		left, right := c*w/cols, (c+1)*w/cols
		cell := cells[c*channels:][:channels]
		for i, v := range row[left*channels : right*channels] {
			cell[i%channels] += v / float32(height*(right-left))
		}
	}
}
