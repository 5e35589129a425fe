package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/mini"
)

func TestConvert(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.CopyFS(from, mini.Random(mini.FLUX)); err != nil {
		t.Fatal(err)
	}
	args := []string{"-weights", "int8", "-from", from, "-to", to}
	if err := convert(context.Background(), args); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(to, "transformer", "diffusion_pytorch_model.safetensors")); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{args, "exists already"},
		{[]string{"-from", from}, "-to"},
		{[]string{"-from", filepath.Join(dir, "none"), "-to", filepath.Join(dir, "other")}, "none"},
		{[]string{"-weights", "int4", "-from", from, "-to", filepath.Join(dir, "other")}, "int8"},
	} {
		if err := convert(context.Background(), c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want an error that names %q", c.args, err, c.want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: failures have left something", entries, err)
	}
}
