package pytorch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// TestHostileZip changes numbers in the parts of an archive.
func TestHostileZip(t *testing.T) {
	const (
		local     = localMagic
		directory = directoryMagic
		end       = endMagic
	)
	le := binary.LittleEndian
	for _, c := range []struct {
		name string
		part string // whose first occurrence is changed
		at   int
		set  []byte
		want string
	}{
		{"encrypted", directory, 8, []byte{1}, "is encrypted"},
		{"encrypted locally", local, 6, []byte{1}, "is encrypted"},
		{"compressed locally", local, 8, []byte{8}, "is compressed (method 8)"},
		{"sizes differ", directory, 20, []byte{1, 0, 0, 0}, "1 bytes stored for"},
		{"beyond the file", directory, 20, []byte{0, 0, 0, 0x70, 0, 0, 0, 0x70}, "1879048192 bytes from byte 40 are beyond the files"},
		{"zip64 missing", directory, 20, bytes.Repeat([]byte{255}, 8), "zip64 field is missing"},
		{"header elsewhere", directory, 42, []byte{1}, "no header at byte 1"},
		{"header at the end", directory, 42, []byte{0, 0, 0, 0x70}, "no header at byte 1879048192"},
		{"other name", local, 30, []byte{'s'}, "its header has another name"},
		{"long name", local, 26, []byte{255, 255}, "its header has another name"},
		{"long extra", local, 28, []byte{255, 255}, "its header has another name"},
		{"moved", local, 28, []byte{100, 0}, "overlaps with"},
		{"directory's name", directory, 28, []byte{255, 255}, "damaged directory"},
		{"directory's magic", directory, 0, []byte{1}, "damaged directory"},
		{"several parts", end, 4, []byte{1}, "in several parts"},
		{"too many", end, 10, []byte{255, 255}, "65535 entries in a directory of"},
		{"too few", end, 10, []byte{1, 0}, "after the 1 entries"},
		{"no entries", end, 10, []byte{0, 0}, "after the 0 entries"},
		{"directory elsewhere", end, 16, le.AppendUint32(nil, 5), "from byte 5, expected to end at byte"},
		{"directory beyond", end, 16, bytes.Repeat([]byte{255}, 4), "from byte 4294967295, expected to end"},
		{"comment", end, 20, []byte{1}, "cut off: a zip archive without its end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := archive(t, pickleOf(t, vector(1)), map[string]string{"0": "1234"})
			copy(file[bytes.Index(file, []byte(c.part))+c.at:], c.set)
			if got := describeResult(openBytes(file)); !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestHostileZip64(t *testing.T) {
	for _, c := range []struct {
		part string
		at   int
		set  []byte
		want string
	}{
		{locatorMagic, 8, []byte{1}, "no end of the directory at byte"},
		{locatorMagic, 8, bytes.Repeat([]byte{255}, 8), "no end of the directory at byte 18446744073709551615"},
		{end64Magic, 16, []byte{1}, "in several parts"},
		{end64Magic, 32, bytes.Repeat([]byte{255}, 8), "18446744073709551615 entries, expected at most 100000"},
		{end64Magic, 32, []byte{0, 1, 0, 0}, "256 entries in a directory of"},
		{end64Magic, 40, bytes.Repeat([]byte{255}, 8), "directory of 18446744073709551615 bytes"},
		{end64Magic, 48, bytes.Repeat([]byte{255}, 8), "from byte 18446744073709551615"},
	} {
		file := read(t, "zip64.pt")
		copy(file[bytes.LastIndex(file, []byte(c.part))+c.at:], c.set)
		if got := describeResult(openBytes(file)); !strings.Contains(got, c.want) {
			t.Errorf("%q+%d: got %s\nwant %s", c.part, c.at, got, c.want)
		}
	}
	file := read(t, "zip64.pt")
	extra := bytes.Index(file, []byte(directoryMagic)) + directorySize + len("archive/data.pkl")
	copy(file[extra+4:], bytes.Repeat([]byte{255}, 16))
	if got := describeResult(openBytes(file)); !strings.Contains(got, "are beyond the file") {
		t.Errorf("huge sizes: got %s", got)
	}
}

func TestHostileFolders(t *testing.T) {
	pickle := pickleOf(t, vector(1))
	for _, c := range []struct {
		files []string
		want  string
	}{
		{nil, "a zip archive without files"},
		{[]string{"data.pkl", pickle}, "not written by torch.save: \"data.pkl\" is outside of the folder"},
		{[]string{"r/data.pkl", pickle, "s/data/0", "1234"}, `"s/data/0" is outside of the folder "r/"`},
		{[]string{"r/data", pickle}, "not written by torch.save: no r/data.pkl"},
		{[]string{"r/data.pkl", pickle, "r/data.pkl", pickle}, `zip entry "r/data.pkl": there are two`},
		{[]string{"r/data.pkl", pickle}, `tensor "x": no storage data/0 in the archive`},
		{[]string{"r/data.pkl", pickle, "r/data/0", "12345"}, "storage data/0 has 5 bytes, expected 1 elements of f32"},
		{[]string{"r/data.pkl", pickle, "r/data/0", "12345678"}, "storage data/0 has 8 bytes, expected 1 elements of f32"},
		{[]string{"r/data.pkl", pickle, "r/data/0", ""}, "storage data/0 has 0 bytes"},
		{[]string{"r/data.pkl", ""}, "data.pkl: byte 0: cut off"},
		{[]string{"r/data.pkl", strings.Repeat("x", maxPickle+1)}, "data.pkl: 67108865 bytes, expected at most 67108864"},
		{[]string{"r/" + strings.Repeat("x", maxName), ""}, "name of 1026 bytes, expected at most 1024"},
		{[]string{"r/data.pkl", pickle, "r/version", "three"}, `r/version: "three"`},
		{[]string{"r/data.pkl", pickle, "r/data/0", "1234", "r/code/a.py", ""}, "a TorchScript program"},
	} {
		if got := describeResult(openBytes(zipOf(t, c.files...))); !strings.Contains(got, c.want) {
			t.Errorf("%.60q: got %s\nwant %s", c.files, got, c.want)
		}
	}
}

// TestManyEntries checks that the number of entries is limited before they are looked at.
func TestManyEntries(t *testing.T) {
	files := []string{"r/data.pkl", "\x80\x02}."}
	for i := range maxEntries - 1 {
		files = append(files, fmt.Sprint("r/data/", i), "")
	}
	if c, err := open(t, zipOf(t, files...)); err != nil {
		t.Error(describeResult(c, err))
	}
	files = append(files, "r/one more", "")
	if got := describeResult(openBytes(zipOf(t, files...))); !strings.Contains(got, "100001 entries, expected at most 100000") {
		t.Error(got)
	}
}

func TestNotZip(t *testing.T) {
	for file, want := range map[string]string{
		"":                        `not a PyTorch file: starts with ""`,
		"{\"weights\": 1}":        `not a PyTorch file: starts with "{\"weight"`,
		localMagic + "\x00\x00":   "cut off: a zip archive without its end",
		"\x80\x04.":               "a bare pickle",
		string(legacyMagic) + ".": "before PyTorch 1.6",
	} {
		if got := describeResult(openBytes([]byte(file))); !strings.Contains(got, want) {
			t.Errorf("%q: got %s\nwant %s", file, got, want)
		}
	}
}
