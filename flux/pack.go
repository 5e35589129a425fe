package flux

// A token holds a square of Side×Side latents.
const (
	Side   = 2
	packed = Side * Side
)

// LatentChannels returns the channels of a latent.
func (c Config) LatentChannels() int { return c.InChannels / packed }

// Pack returns latents [C, 2·rows, 2·cols] as tokens [rows·cols, 4·C]: channel 4·c + 2·dy + dx of a token is channel c of
// the latent dy rows and dx columns from the square's corner.
func Pack(latents []float32, channels, rows, cols int) []float32 {
	tokens := make([]float32, len(latents))
	each(channels, rows, cols, func(latent, token int) { tokens[token] = latents[latent] })
	return tokens
}

// Unpack is the inverse of Pack.
func Unpack(tokens []float32, channels, rows, cols int) []float32 {
	latents := make([]float32, len(tokens))
	each(channels, rows, cols, func(latent, token int) { latents[latent] = tokens[token] })
	return latents
}

// each calls move with the place of every number among the latents and among the tokens.
func each(channels, rows, cols int, move func(latent, token int)) {
	for c := range channels {
		for y := range Side * rows {
			for x := range Side * cols {
				token := y/Side*cols + x/Side
				move((c*Side*rows+y)*Side*cols+x, token*packed*channels+packed*c+Side*(y%Side)+x%Side)
			}
		}
	}
}
