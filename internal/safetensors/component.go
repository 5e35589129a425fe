package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

const maxListed = 3 // files in a message

var (
	shardName = regexp.MustCompile(`-\d{5}-of-\d{5}\.safetensors$`)
	indexName = regexp.MustCompile(`\.safetensors\.index(\.\w+)?\.json$`) // diffusers puts a variant before .json
)

// OpenComponent opens the weights in a folder of a model, such as unet: an index with shards or a single file, such as
// model.safetensors or diffusion_pytorch_model.safetensors. One without a variant, such as .fp16, is preferred.
func OpenComponent(d Dir, folder string) (*Checkpoint, error) {
	name, err := findWeights(d.FS, folder)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", d.Display(folder), err)
	}
	if name = path.Join(folder, name); indexName.MatchString(name) {
		return OpenIndex(d, name)
	}
	return Open(d, name)
}

// findWeights returns the name of the index or of the single file.
func findWeights(fsys fs.FS, folder string) (string, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return "", cause(err)
	}
	var plain, variants []string
	for _, e := range entries {
		name := e.Name()
		stem, rest, _ := strings.Cut(name, ".")
		single := path.Ext(name) == ".safetensors" && !shardName.MatchString(name)
		if stem == "" || !single && !indexName.MatchString(name) { // hidden files are none of ours
			continue
		}
		if rest == "safetensors" || rest == "safetensors.index.json" {
			plain = append(plain, name)
		} else {
			variants = append(variants, name)
		}
	}
	if len(plain) == 0 {
		plain = variants
	}
	switch len(plain) {
	case 0:
		return "", errors.New("no weights, expected model.safetensors, diffusion_pytorch_model.safetensors or their .index.json")
	case 1:
		return plain[0], nil
	}
	more := ""
	if len(plain) > maxListed {
		plain, more = plain[:maxListed], ", …"
	}
	return "", fmt.Errorf("expected one file of weights, found %s%s", strings.Join(plain, ", "), more)
}
