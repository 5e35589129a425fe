package safetensors

import (
	"bytes"
	"errors"
)

// stranger returns an error if a file is what a download sometimes leaves in the place of another one.
func stranger(file []byte) error {
	const beginning = 512 // bytes in which it shows
	text := bytes.TrimLeft(bytes.TrimPrefix(file[:min(len(file), beginning)], []byte("\ufeff")), " \t\r\n")
	text = bytes.ToLower(text)
	begins := func(with string) bool { return bytes.HasPrefix(text, []byte(with)) }
	switch {
	case begins("version https://git-lfs.github.com/spec/"), begins("version https://hawser.github.com/spec/"):
		return errors.New("a Git LFS pointer in the place of the file: fetch the file itself (git lfs pull)")
	case begins("<!doctype html"), begins("<html"), begins("<head"), begins("<!--"):
		return errors.New("an HTML page in the place of the file: download the file itself, logged in where that is needed")
	case begins("<?xml"):
		return errors.New("an XML page in the place of the file: download the file itself, logged in where that is needed")
	case begins("access to model "), begins("invalid username or password"), begins(`{"error":`), begins("entry not found"), begins("repository not found"):
		return errors.New("a server's refusal in the place of the file: download the file itself, logged in and with its licence accepted")
	}
	return nil
}
