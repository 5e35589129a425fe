package safetensors

import (
	"strings"
	"testing"
)

func TestStranger(t *testing.T) {
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
	for text, want := range map[string]string{
		pointer:                           "a Git LFS pointer in the place of the file",
		"\ufeff\r\n<!DOCTYPE html><html>": "an HTML page in the place of the file",
		"<html lang=en>":                  "an HTML page",
		"<!doctype HTML PUBLIC":           "an HTML page",
		"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>":     "an XML page",
		"Access to model black-forest-labs/FLUX.1-dev is restricted.": "a server's refusal",
		`{"error":"Repository not found"}`:                            "a server's refusal",
		"":                                                            "",
		"{}":                                                          "",
		"version":                                                     "",
		strings.Repeat(" ", 600) + "<html>":                           "",
	} {
		err := stranger([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
	d := dirOf(map[string][]byte{"a": []byte(pointer)})
	if _, err := d.Read("a", 1000); err == nil || !strings.Contains(err.Error(), "LFS") {
		t.Errorf("Read: %v", err)
	}
	if _, err := d.Map("a"); err == nil || !strings.Contains(err.Error(), "a: a Git LFS") {
		t.Errorf("Map: %v", err)
	}
}
