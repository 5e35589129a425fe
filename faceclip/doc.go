// Package faceclip draws portraits: given a picture of a person's face and a prompt, it makes a new picture of that
// person. It implements FaceCLIP (arXiv 2504.14202) from the published files, without Python or shared libraries.
//
//	p, err := faceclip.Open(ctx, "models/faceclip-sdxl", nil)
//	if err != nil {
//		return err
//	}
//	defer p.Close()
//	img, err := p.Generate(ctx, &faceclip.Request{
//		Photo:  photo, // an image.Image, such as face.Decode returns
//		Prompt: "A woman wearing a blue denim shirt, on a rocky desert plateau.",
//		Seed:   453563,
//	})
//
// Every method returns as soon as its context ends; what a file, an image or a request holds can only lead to errors.
package faceclip
