package pytorch

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxPickle  = 64 << 20 // bytes; the published files take some hundred kB
	maxVersion = 10       // of the archive's layout, the newest that PyTorch reads
)

// legacyMagic is how files of torch.save before PyTorch 1.6 begin: a pickle of a certain integer.
var legacyMagic = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// A span is the bytes lo ≤ i < hi of the file.
type span struct{ lo, hi int }

// openArchive returns the pickle of an archive and where its files are, by their names in its folder.
func openArchive(file []byte) ([]byte, map[string]span, error) {
	entries, before, err := listZip(file)
	if err != nil {
		return nil, nil, err
	}
	folder, err := rootOf(entries)
	if err != nil {
		return nil, nil, err
	}
	if err := locate(entries, before); err != nil {
		return nil, nil, err
	}
	files := make(map[string]span, len(entries))
	for _, e := range entries {
		files[e.name[len(folder):]] = e.data
	}
	pickle, err := checkFiles(file, folder, files)
	return pickle, files, err
}

// checkFiles checks the files beside the storages, data/0 and so on, and returns the pickle.
func checkFiles(file []byte, folder string, files map[string]span) ([]byte, error) {
	head := func(name string) (string, bool) { // enough of a short text to see what it is
		s, ok := files[name]
		return string(file[s.lo:min(s.hi, s.lo+10)]), ok
	}
	if order, ok := head("byteorder"); ok && order != "little" {
		return nil, fmt.Errorf(`%sbyteorder: %q, expected "little"`, shown(folder), order)
	}
	if version, ok := head("version"); ok {
		if v, err := strconv.Atoi(strings.TrimSpace(version)); err != nil || v < 1 || v > maxVersion {
			return nil, fmt.Errorf("%sversion: %q, expected 1 to %d", shown(folder), version, maxVersion)
		}
	}
	s := files["data.pkl"]
	pickle := file[s.lo:s.hi]
	if len(pickle) > maxPickle {
		return nil, fmt.Errorf("%sdata.pkl: %d bytes, expected at most %d", shown(folder), len(pickle), maxPickle)
	}
	return pickle, nil
}

// rootOf returns the one folder at the top of an archive, with a slash.
func rootOf(entries []entry) (string, error) {
	if len(entries) == 0 {
		return "", errors.New("a zip archive without files, expected one written by torch.save")
	}
	root, _, _ := strings.Cut(entries[0].name, "/")
	root += "/"
	pickle, script := false, false
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.name, root)
		if !ok {
			return "", fmt.Errorf("not written by torch.save: %.100q is outside of the folder %.100q", e.name, root)
		}
		pickle = pickle || name == "data.pkl"
		script = script || name == "constants.pkl" || strings.HasPrefix(name, "code/")
	}
	switch {
	case script:
		return "", errors.New("a TorchScript program, which cannot be read: expected torch.save of a state dict")
	case !pickle:
		return "", fmt.Errorf("not written by torch.save: no %sdata.pkl", shown(root))
	}
	return root, nil
}

// notZip says what a file is that does not end as a zip archive does.
func notZip(file []byte) error {
	switch {
	case bytes.HasPrefix(file, legacyMagic):
		return errors.New("the format of torch.save before PyTorch 1.6, which cannot be read: load it with PyTorch and save it again")
	case bytes.HasPrefix(file, []byte(localMagic)):
		return errors.New("cut off: a zip archive without its end")
	case len(file) > 0 && file[0] == opProto:
		return errors.New("a bare pickle, perhaps of torch.save before PyTorch 1.6; load and save it again: expected a zip archive")
	}
	return fmt.Errorf("not a PyTorch file: starts with %q, expected a zip archive", file[:min(len(file), 8)])
}
