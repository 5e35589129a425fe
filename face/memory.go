package face

// Memory returns the most bytes that Find and Align take, one after another, for photos of so many pixels together, beside the
// photos: the grey pyramid and, if the face fills a photo, its colours anew; and what is turned to look for faces at all angles.
func Memory(pixels int64) int64 { return 40<<20 + 6*pixels }
