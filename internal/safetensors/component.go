package safetensors

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

const maxListed = 3 // files in a message

// Diffusers puts a variant, such as fp16, behind the stem of a file or of a shard, and before .json in the name of an index. It
// used to put it behind the number of a shard, and before .index.
var (
	shardName = regexp.MustCompile(`-\d{5}-of-\d{5}(\.[\w-]+)?\.safetensors$`)
	indexName = regexp.MustCompile(`\.safetensors(\.[\w-]+)?\.index(\.[\w-]+)?\.json$`)
)

// IsIndex reports whether a file lists the shards of a checkpoint, in whatever format they are.
func IsIndex(name string) bool {
	return path.Ext(name) == ".json" && strings.Contains(path.Base(name), ".index.")
}

// Stem returns how diffusers and transformers begin the names of the weights in a folder of a model.
func Stem(folder string) string {
	if strings.HasSuffix(folder, "_encoder") {
		return "model"
	}
	return "diffusion_pytorch_model"
}

// OpenComponent opens the weights in a folder of a model, such as unet: an index with shards or a single file. Of several it is
// the one that diffusers asks for by name, such as diffusion_pytorch_model.safetensors, else such a one with a variant, else
// one of another name. Beside a single file of the same name an index is what counts.
func OpenComponent(d Dir, folder string) (*Checkpoint, error) {
	name, err := findWeights(d, folder)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", d.Display(folder), err)
	}
	if name = path.Join(folder, name); indexName.MatchString(name) {
		return OpenIndex(d, name)
	}
	return Open(d, name)
}

// weights are a file that a checkpoint can begin with.
type weights struct {
	name, stem, variant string
	form                form
}

// A form is a kind of file; of the same weights the first counts.
type form int

const (
	asIndex form = iota
	asOldIndex
	asFile
)

// weightsOf takes the name of a file apart.
func weightsOf(name string) (w weights, ok bool) {
	stem, rest, _ := strings.Cut(name, ".")
	w = weights{name: name, stem: stem, form: asFile}
	switch {
	case stem == "": // hidden files are none of ours
		return w, false
	case indexName.MatchString(name):
		if w.form = asIndex; !strings.Contains(rest, "safetensors.index.") {
			w.form = asOldIndex
		}
	case path.Ext(name) != ".safetensors" || shardName.MatchString(name):
		return w, false
	}
	parts := strings.Split(rest, ".")
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "safetensors" || w.form != asFile && (p == "index" || p == "json") })
	w.variant = strings.Join(parts, ".")
	return w, true
}

// rank orders weights by how likely they are those that diffusers takes in a folder of the given stem.
func (w weights) rank(stem string) int {
	rank := 0
	switch w.stem {
	case stem:
	case "model", "diffusion_pytorch_model":
		rank = 2
	default:
		rank = 4
	}
	if w.variant != "" {
		rank++
	}
	return rank
}

// findWeights returns the name of the index or of the single file.
func findWeights(d Dir, folder string) (string, error) {
	entries, err := fs.ReadDir(d.FS, folder)
	if err != nil {
		return "", cause(err)
	}
	stem := Stem(folder)
	var all []weights
	for _, e := range entries {
		if w, ok := weightsOf(e.Name()); ok {
			all = append(all, w)
		}
	}
	if whole := slices.DeleteFunc(slices.Clone(all), func(w weights) bool { return w.lost(d, folder) }); len(whole) > 0 {
		all = whole
	}
	slices.SortFunc(all, func(a, b weights) int {
		return cmp.Or(a.rank(stem)-b.rank(stem), strings.Compare(a.stem, b.stem), strings.Compare(a.variant, b.variant), int(a.form-b.form))
	})
	if len(all) == 0 {
		return "", errors.New("no weights, expected model.safetensors, diffusion_pytorch_model.safetensors or their .index.json")
	}
	first := all[0]
	var rivals []string
	for _, w := range all {
		if w.rank(stem) == first.rank(stem) && (w == first || w.stem != first.stem || w.variant != first.variant) {
			rivals = append(rivals, w.name)
		}
	}
	if len(rivals) == 1 {
		return first.name, nil
	}
	more := ""
	if len(rivals) > maxListed {
		rivals, more = rivals[:maxListed], ", …"
	}
	return "", fmt.Errorf("expected one file of weights, found %s%s", strings.Join(rivals, ", "), more)
}

// lost reports whether w is an index none of whose shards is there: part of a download of other weights.
func (w weights) lost(d Dir, folder string) bool {
	if w.form == asFile {
		return false
	}
	shards, err := readIndex(d, path.Join(folder, w.name))
	for shard := range shards {
		if _, err := fs.Stat(d.FS, path.Join(folder, shard)); err == nil {
			return false
		}
	}
	return err == nil
}
