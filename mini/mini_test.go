package mini_test

import (
	"bytes"
	"context"
	"io/fs"
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini"
)

// TestRandom opens both models, and checks that their files are the same each time. That they hold the numbers that the
// reference computed with is checked by the traces of package faceclip.
func TestRandom(t *testing.T) {
	for _, system := range []mini.System{mini.SDXL, mini.FLUX} {
		model, again := mini.Random(system), mini.Random(system)
		p, err := faceclip.OpenFS(context.Background(), model, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		fs.WalkDir(model, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			a, _ := fs.ReadFile(model, name)
			if b, err := fs.ReadFile(again, name); err != nil || !bytes.Equal(a, b) {
				t.Errorf("%s: %s differs: %v", system, name, err)
			}
			return nil
		})
	}
}

func TestUnknownSystem(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	mini.Random("other")
}
