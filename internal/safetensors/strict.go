package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits of the JSON that is taken. The largest known checkpoints have some thousand tensors.
const (
	maxTensors  = 100_000
	maxElements = 64 // of an array: a shape has 4 at most
	maxDepth    = 3  // an array in a tensor's object in the header
)

// checkObject reports why data is not one JSON object that is safe to decode: duplicate names, of which a decoder
// silently keeps one, or a size or depth that costs far more memory than the text.
func checkObject(data []byte) error {
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return fmt.Errorf("starts with %q, expected {", text[:min(len(text), 8)])
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := checkValue(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("goes on after the closing }")
	}
	return nil
}

// checkValue consumes the next value of d.
func checkValue(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	delim, nested := token.(json.Delim)
	if err != nil || !nested {
		return err
	}
	if depth++; depth > maxDepth {
		return fmt.Errorf("is nested deeper than %d", maxDepth)
	}
	if delim == '[' {
		err = checkArray(d, depth)
	} else {
		err = checkMembers(d, depth)
	}
	if err == nil {
		_, err = d.Token() // the closing delimiter
	}
	return err
}

func checkArray(d *json.Decoder, depth int) error {
	for n := 0; d.More(); n++ {
		if n == maxElements {
			return fmt.Errorf("has an array of more than %d elements", maxElements)
		}
		if err := checkValue(d, depth); err != nil {
			return err
		}
	}
	return nil
}

func checkMembers(d *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name := token.(string) // the decoder takes nothing else for a name
		if seen[name] {
			return fmt.Errorf("has %.100q twice", name)
		}
		if len(seen) > maxTensors { // one more, for the metadata
			return fmt.Errorf("has more than %d entries", maxTensors)
		}
		seen[name] = true
		if err := checkValue(d, depth); err != nil {
			return fmt.Errorf("%.100q: %w", name, err)
		}
	}
	return nil
}
