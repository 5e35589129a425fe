package faceclip

import "context"

// A TokenCount says how much of a text a text encoder reads. Of what exceeds the limit it reads nothing.
type TokenCount struct {
	Field   string // of Request: Prompt or Guidance.Negative
	Encoder string // clip or, of FaceT5-FLUX, t5, which reads what is drawn; clip gives it but one vector of the whole
	Used    int    // tokens of the text, with those that FaceCLIP-SDXL puts before the prompt of a person; without start and end
	Limit   int    // that the encoder reads at most
}

// Cut reports whether a part of the text is not read.
func (c TokenCount) Cut() bool { return c.Used > c.Limit }

// Tokens is [Pipeline.TokensContext] without an end.
func (p *Pipeline) Tokens(r *Request) ([]TokenCount, error) {
	return p.TokensContext(context.Background(), r)
}

// TokensContext counts the tokens of the prompt and, if it is used, of the negative prompt, for each text encoder of the system. It
// returns none for a request with a Condition, whose texts are encoded, and a *RequestError for one that is impossible. It does not
// look at images.
func (p *Pipeline) TokensContext(ctx context.Context, r *Request) ([]TokenCount, error) {
	j, err := p.resolve(ctx, r)
	if err != nil {
		return nil, wrap(ctx, err)
	}
	if j.Condition != nil {
		return nil, nil
	}
	counts := p.system.count(ctx, "Prompt", j.Prompt, len(j.images) > 0)
	if j.guided() {
		counts = append(counts, p.system.count(ctx, "Guidance.Negative", *j.Guidance.Negative, false)...)
	}
	if err := ctx.Err(); err != nil {
		return nil, wrap(ctx, err)
	}
	return counts, nil
}
