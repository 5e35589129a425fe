package faceclip

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
)

// TestDerived reads the sizes of the miniatures off their tensors and the configurations that a base model would have.
func TestDerived(t *testing.T) {
	dir := asBase(t, copyOf(t, minis["sdxl"]), "face_clip_encoder", map[string]string{"text_l": "text_encoder", "text_g": "text_encoder_2"})
	f, err := model.Open(context.Background(), safetensors.DirOf(dir), model.Options{})
	must(t, err)
	defer f.Close()
	want, err := model.ReadConfig[encoder.Config](f, "face_clip_encoder/config.json")
	must(t, err)
	got, err := derivedSDXL(f)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("SDXL: got %+v, want %+v", got, want)
	}

	dir = asBase(t, copyOf(t, minis["flux"]), "face_t5_encoder", map[string]string{"clip": "text_encoder", "text": "text_encoder_2"})
	f, err = model.Open(context.Background(), safetensors.DirOf(dir), model.Options{})
	must(t, err)
	defer f.Close()
	wantT5, err := model.ReadConfig[facet5.Config](f, "face_t5_encoder/config.json")
	must(t, err)
	gotT5, err := derivedFLUX(f)
	must(t, err)
	if !reflect.DeepEqual(gotT5, wantT5) {
		t.Errorf("FLUX: got %+v, want %+v", gotT5, wantT5)
	}
	// The encoder of the one is none of the other.
	must(t, os.Rename(filepath.Join(dir, "face_t5_encoder"), filepath.Join(dir, "face_clip_encoder")))
	f, err = model.Open(context.Background(), safetensors.DirOf(dir), model.Options{})
	must(t, err)
	defer f.Close()
	write("text_encoder_2/config.json", `{"vocab_size":10,"max_position_embeddings":77,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":1,"hidden_act":"gelu"}`)(t, dir)
	if _, err := derivedSDXL(f); err == nil || !strings.Contains(err.Error(), "no tensor") {
		t.Errorf("another encoder: %v", err)
	}
}

// asBase adds the configurations of text encoders that a base model has, taken from parts of the encoder's.
func asBase(t *testing.T, dir, encoder string, parts map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, encoder, "config.json"))
	must(t, err)
	var all map[string]map[string]any
	var loose map[string]any
	must(t, json.Unmarshal(text, &loose))
	delete(loose, "_class_name")
	text, err = json.Marshal(loose)
	must(t, err)
	must(t, json.Unmarshal(text, &all))
	for part, folder := range parts {
		delete(all[part], "max_length") // which T5's own configuration lacks
		text, err := json.Marshal(all[part])
		must(t, err)
		must(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, folder, "config.json"), text, 0o644))
	}
	return dir
}
