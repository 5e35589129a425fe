package pytorch

import (
	"path/filepath"
	"strings"
	"testing"
)

// bad are the files of testdata that cannot be read, with what the error says.
var bad = map[string]string{
	"big-endian":     `archive/byteorder: "big", expected "little"`,
	"compressed":     `zip entry "archive/data.pkl": is compressed (method 8)`,
	"expanded":       `tensor "x.y": its layout needs a copy, and all such copies together take more bytes than the file`,
	"legacy":         `the format of torch.save before PyTorch 1.6, which cannot be read`,
	"list":           `holds a list, expected a state dict`,
	"list-inside":    `"b" is a list, expected a state dict`,
	"module":         `"torch.nn.modules.linear.Linear" is not allowed`,
	"negated":        `tensor with metadata, a negated or conjugated view`,
	"optimizer":      `has an integer as a key, expected a state dict`,
	"pickle":         `a bare pickle, perhaps of torch.save before PyTorch 1.6`,
	"protocol1":      `instruction EMPTY_DICT (0x7d) at the beginning, expected PROTO`,
	"script":         `a TorchScript program, which cannot be read`,
	"system":         `data.pkl: byte 13: "posix.system" is not allowed`,
	"system4":        `"posix.system" is not allowed`,
	"tensor":         `holds a tensor, expected a state dict`,
	"epoch":          `"epoch" is an integer, expected a state dict`,
	"wrapped-beside": `"state_dict" is a dict of 1, expected a state dict`,
	"wrapped-both":   `has dicts ["state_dict" "model"], expected one state dict`,
	"wrapped-deep":   `"model" is a dict of 1, expected a state dict`,
	"version":        `archive/version: "11\n", expected 1 to 10`,
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad-*.pt")
	if err != nil || len(files) != len(bad) {
		t.Fatalf("%d files, want %d, %v", len(files), len(bad), err)
	}
	for name, want := range bad {
		name = "bad-" + name + ".pt"
		c, err := Open(testdata, name)
		if got := describeResult(c, err); !strings.HasPrefix(got, "pytorch: "+filepath.Join("testdata", name)+": ") || !strings.Contains(got, want) {
			t.Errorf("%s: got %s\nwant %s", name, got, want)
		}
	}
}

// TestTruncated cuts good files at every byte. The end of a zip archive is its last bytes.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"zip64.pt", "parameters.pt"} {
		file := read(t, name)
		for n := range len(file) {
			if _, err := openBytes(file[:n]); err == nil || !strings.Contains(err.Error(), "a.pt: ") {
				t.Errorf("%s: the first %d of %d bytes give %v", name, n, len(file), err)
			}
		}
	}
}

// TestFlipped changes every byte of good files. The result may be fine but not a panic.
func TestFlipped(t *testing.T) {
	for name, masks := range map[string][]byte{"zip64.pt": {0x01, 0xFF}, "parameters.pt": {0x01, 0xFF}, "protocol4.pt": {0x10}} {
		file := read(t, name)
		for i := range file {
			for _, mask := range masks {
				file[i] ^= mask
				use(openBytes(file))
				file[i] ^= mask
			}
		}
	}
}

// use reads all tensors.
func use(c *Checkpoint, err error) {
	if err != nil {
		return
	}
	for _, name := range readable(c) {
		t, _ := c.Get(name)
		if t.Len() > 1<<24 {
			panic("a tensor larger than its file")
		}
		if t, err = whole(c, t, name); err != nil {
			panic(err)
		}
		content(t)
	}
	c.Close()
}
