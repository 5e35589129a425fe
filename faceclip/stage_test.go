package faceclip

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

func TestStageText(t *testing.T) {
	all := []Stage{Encoding, Denoising, Decoding, Done}
	text, err := json.Marshal(all)
	if want := `["encoding","denoising","decoding","done"]`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
	var got []Stage
	if err := json.Unmarshal(text, &got); err != nil || !slices.Equal(got, all) {
		t.Errorf("%s became %v, %v", text, got, err)
	}
	if printed := fmt.Sprint(all); printed != "[encoding denoising decoding done]" {
		t.Errorf("printed as %s", printed)
	}
	for _, s := range []Stage{-1, Done + 1} {
		if text, err := s.MarshalText(); err == nil {
			t.Errorf("%v became %q", s, text)
		}
	}
	for _, name := range []string{"", "Encoding", "stage(0)", "drawing"} {
		s := Decoding
		if err := s.UnmarshalText([]byte(name)); err == nil || s != Decoding {
			t.Errorf("%q became %v, %v", name, s, err)
		}
	}
}
