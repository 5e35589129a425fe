package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/mini"
)

func TestInspect(t *testing.T) {
	if err := inspect(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(dir, mini.Random(mini.SDXL)); err != nil {
		t.Fatal(err)
	}
	if err := inspect(context.Background(), []string{"-model", dir}); err != nil {
		t.Error(err)
	}
	if err := inspect(context.Background(), []string{"-model", dir, "-estimate", "-weights", "int8", "-memory", "1GB"}); err != nil {
		t.Error(err)
	}
	if err := inspect(context.Background(), []string{"-model", dir, "-estimate", "-device", "cuda", "-device-memory", "6GB"}); err != nil {
		t.Error(err)
	}
	if err := inspect(context.Background(), []string{"-model", dir, "-recipe", "12-steps"}); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "unet", "diffusion_pytorch_model.safetensors")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := inspect(context.Background(), []string{"-model", dir}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names %s", err, file)
	}
}
