package faceclip

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/faceclip-go/faceclip-go/internal/jpegtext"
	"github.com/faceclip-go/faceclip-go/internal/pngtext"
)

// ErrNoMetadata is the error of pictures that have no metadata of this library, or none any more.
var ErrNoMetadata = errors.New("no metadata of faceclip-go")

// ReadMetadata returns what a PNG or JPEG file says of how it was made, [ErrNoMetadata] if nothing. Of a PNG it reads all, of a
// JPEG what comes before the picture. It takes 64 MB of memory at most, whatever the file.
func ReadMetadata(r io.Reader) (Metadata, error) {
	var m Metadata
	texts, err := readTexts(r)
	if err == nil {
		err = m.set(texts)
	}
	if err != nil {
		return Metadata{}, fmt.Errorf("faceclip: read metadata: %w", err)
	}
	return m, nil
}

func (m *Metadata) set(texts map[string]string) error {
	for _, e := range m.entries() {
		text, ok := texts[e.key]
		if !ok && e.key == softwareKey {
			return ErrNoMetadata
		}
		if !ok {
			continue
		}
		switch err := e.set(text); {
		case errors.Is(err, ErrNoMetadata):
			return err
		case err != nil:
			return fmt.Errorf("%s %.40q is not what it should be", e.key, text)
		}
	}
	return nil
}

// readTexts returns the texts of a file that entries have the keys of, and perhaps others.
func readTexts(r io.Reader) (map[string]string, error) {
	in := bufio.NewReader(r)
	start, err := in.Peek(len(pngtext.Signature))
	switch {
	case bytes.HasPrefix(start, []byte(jpegtext.Start)):
		comments, err := jpegtext.Comments(in)
		if err != nil {
			return nil, err
		}
		return fromComments(comments)
	case string(start) == pngtext.Signature:
		var keys []string
		for _, e := range new(Metadata).entries() {
			keys = append(keys, e.key)
		}
		return pngtext.Read(in, keys)
	case err != nil && err != io.EOF:
		return nil, err
	}
	return nil, errors.New("neither a PNG nor a JPEG file")
}

// fromComments returns the texts that object has written, which may go on over several comments.
func fromComments(comments [][]byte) (texts map[string]string, err error) {
	begins := []byte("{" + quoted(softwareKey) + ": ")
	for i, c := range comments {
		if bytes.HasPrefix(c, begins) {
			err := json.NewDecoder(bytes.NewReader(bytes.Join(comments[i:], nil))).Decode(&texts)
			if err != nil {
				return nil, fmt.Errorf("the comment: %w", err)
			}
			return texts, nil
		}
	}
	return nil, ErrNoMetadata
}
