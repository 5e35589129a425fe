package safetensors

import (
	"fmt"
	"io"

	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
)

// WriteFile is Write to a file, which appears when it is complete. If anything fails, the folder is as before.
func WriteFile(path string, metadata map[string]string, entries []Entry) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return write(w, metadata, entries) })
	if err != nil {
		return fmt.Errorf("safetensors: write %s: %w", path, err)
	}
	return nil
}
