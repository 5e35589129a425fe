package trained_test

import (
	"context"
	"image"
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini/trained"
)

// TestModel draws one of the persons. What the picture shows is checked by TestLikeness of package faceclip.
func TestModel(t *testing.T) {
	p, err := faceclip.OpenFS(context.Background(), trained.Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	face, err := trained.Face("june")
	if err != nil {
		t.Fatal(err)
	}
	r := &faceclip.Request{
		Face: face, Prompt: "a person wearing a red t-shirt, on a beach at sunset, smiling",
		Width: trained.Width, Height: trained.Height, Steps: 2, Guidance: faceclip.Guidance{Scale: trained.Guidance},
	}
	if _, err := p.Generate(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

func TestFaces(t *testing.T) {
	names := trained.Names()
	if len(names) != 10 {
		t.Errorf("%d persons", len(names))
	}
	for _, name := range names {
		if face, err := trained.Face(name); err != nil || face.Bounds() != image.Rect(0, 0, 112, 112) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "nobody", "../model"} {
		if _, err := trained.Face(name); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}
