package pytorch

import (
	"path/filepath"
	"testing"
)

// FuzzOpen reads whole files.
func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(read(f, filepath.Base(file)))
	}
	f.Fuzz(func(t *testing.T, file []byte) { use(openBytes(file)) })
}

// FuzzPickle reads pickles with two storages.
func FuzzPickle(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if pickle, _, err := openArchive(read(f, filepath.Base(file))); err == nil {
			f.Add(string(pickle))
		}
	}
	f.Add(pickleOf(f, shaped{count: 6, size: []int64{2, 3}, stride: []int64{1, 2}}))
	f.Fuzz(func(t *testing.T, pickle string) {
		use(openBytes(archive(t, pickle, map[string]string{"0": string(make([]byte, 24)), "1": ""})))
	})
}
