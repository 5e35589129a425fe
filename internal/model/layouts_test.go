package model

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/keys"
)

// TestOwnLayout checks that no published checkpoint is taken for another program's, nor has a prefix that is taken off.
func TestOwnLayout(t *testing.T) {
	for _, name := range []string{keys.FaceCLIPEncoder, keys.SDXLUNet, keys.SDXLVAE, keys.FaceT5Encoder, keys.FLUXDiT, keys.FLUXVAE} {
		source, err := keys.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := foreignLayout(name, source.Names()); err != nil {
			t.Error(err)
		}
		if found := commonPrefixes(source.Names()); len(found) != 1 {
			t.Errorf("%s: prefixes %q", name, found)
		}
	}
}
