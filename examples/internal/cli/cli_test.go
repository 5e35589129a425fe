package cli

import (
	"cmp"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini/trained"
)

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "8GB": 8e9, "8gb": 8e9, "1.5 GB": 15e8, "512MiB": 512 << 20, "2GiB": 2 << 30, "3KB": 3000, "7B": 7,
		"": 0, "0": 0, "-1": 0, "GB": 0, "8TB": 0, "NaN": 0, "1e300": 0, "eight": 0,
	} {
		got, err := parseBytes(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestFlagErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-width 0", "-width"},
		{"-height 0", "-height"},
		{"-steps 0", "-steps"},
		{"-workers 0", "-workers"},
		{"-memory lots", "memory"},
		{"-model=", "-model"},
		{"-seed x", "seed"},
		{"-nothing", "nothing"},
		{"stray", "stray"},
		{"-base x", "-base"},
		{"-weights int4", "int8"},
		{"-recipe 13-steps", "reference, 25-steps, 12-steps, 4-steps"},
		{"-recipe=", "-recipe"},
	} {
		_, err := Parse("usage", "out.png", strings.Fields(c.args))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error that names %q", c.args, err, c.want)
		}
	}
	if _, err := Parse("usage", "out.png", []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

// TestDevice checks that auto finds a device on every machine, and that others have to be there.
func TestDevice(t *testing.T) {
	for device, want := range map[string]string{"auto": "c", "cpu": "cpu", "abacus": ""} {
		f, err := ParseModel("usage", []string{"-device", device}, func(*Flags, *flag.FlagSet) {})
		if err != nil {
			t.Fatal(err)
		}
		b, err := f.Backend()
		if (err == nil) != (want != "") {
			t.Errorf("%s: %v", device, err)
		}
		if err == nil {
			if !strings.HasPrefix(b.Name(), want) {
				t.Errorf("%s: got %s", device, b.Name())
			}
			b.Close()
		}
	}
}

// opened returns flags, their request, and their pipeline for the duration of the test.
func opened(t *testing.T, args []string) (*Flags, *faceclip.Request, *faceclip.Pipeline) {
	t.Helper()
	f, err := Parse("usage", "out.png", args)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Request(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return f, r, p
}

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		args                 []string
		negative             *string
		guidance             float32
		width, height, steps int
		face                 bool
	}{
		{nil, nil, trained.Guidance, trained.Width, trained.Height, trained.Steps, true},
		{[]string{"-width", "64", "-steps", "3"}, nil, trained.Guidance, 64, trained.Height, 3, true},
		{[]string{"-model", "x"}, nil, 0, 0, 0, 0, false},
		{[]string{"-model", "x", "-guidance", "0", "-negative", ""}, new(string), 1, 0, 0, 0, false},
		{[]string{"-model", "x", "-guidance", "7.5"}, nil, 7.5, 0, 0, 0, false},
	} {
		f, err := Parse("usage", "out.png", c.args)
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Request(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if (r.Guidance.Negative == nil) != (c.negative == nil) || r.Guidance.Scale != c.guidance || (r.Face != nil) != c.face ||
			r.Width != c.width || r.Height != c.height || r.Steps != c.steps {
			t.Errorf("%q: %+v", c.args, r)
		}
	}
	f, err := Parse("usage", "out.png", []string{"-prompt", ""})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := f.Request(t.Context()); err != nil || r.Prompt != "" {
		t.Errorf("empty prompt: %q, %v", r.Prompt, err)
	}
}

// TestFollow has recipes, and flags that say something else.
func TestFollow(t *testing.T) {
	for _, c := range []struct {
		args string
		want faceclip.Request
	}{
		{"", faceclip.Request{Steps: trained.Steps}},
		{"-recipe reference", faceclip.Request{Steps: 50}},
		{"-recipe 25-steps -steps 7", faceclip.Request{Steps: 7, Sampler: "dpm++2m", Schedule: "karras"}},
		{"-recipe 12-steps -guidance 3", faceclip.Request{Steps: 12, Sampler: "dpm++2m", Schedule: "karras", Guidance: faceclip.Guidance{Scale: 3}}},
		{"-recipe 12-steps -sampler unipc -schedule beta -guided 0.25-1 -rescale 0.5", faceclip.Request{
			Steps: 12, Sampler: "unipc", Schedule: "beta", Guidance: faceclip.Guidance{From: 0.25, Until: 1, Rescale: 0.5},
		}},
		{"-recipe 4-steps", faceclip.Request{Steps: 4, Sampler: "lcm", Guidance: faceclip.Guidance{Scale: 1}}},
	} {
		f, r, p := opened(t, strings.Fields(c.args))
		f.Follow(r, p)
		c.want.Guidance.Scale = cmp.Or(c.want.Guidance.Scale, trained.Guidance)
		if r.Steps != c.want.Steps || r.Sampler != c.want.Sampler || r.Schedule != c.want.Schedule || r.Guidance != c.want.Guidance {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
	for _, guided := range []string{"half", "0.5", "0-x", "0.5-0"} {
		f, err := Parse("usage", "out.png", []string{"-guided", guided})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Request(t.Context()); err == nil || !strings.Contains(err.Error(), "-guided "+guided) {
			t.Errorf("-guided %s: %v", guided, err)
		}
	}
}

const goodPhoto = "../../../faceclip/testdata/sdxl/face.png"

func TestPhotos(t *testing.T) {
	for n := 1; n <= 3; n++ {
		f, err := Parse("usage", "out.png", slices.Repeat([]string{"-photo", goodPhoto}, n))
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Request(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if one := n == 1; (r.Photo != nil) != one || (len(r.Photos) == n) == one || r.Face != nil {
			t.Errorf("%d photos: %v, %d", n, r.Photo != nil, len(r.Photos))
		}
	}
}

func TestFaces(t *testing.T) {
	for n := 1; n <= 3; n++ {
		f, err := Parse("usage", "out.png", append(slices.Repeat([]string{"-face", goodPhoto}, n-1), "-face", "june"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Request(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if one := n == 1; (r.Face != nil) != one || (len(r.Faces) == n) == one || r.Photo != nil {
			t.Errorf("%d faces: %v, %d", n, r.Face != nil, len(r.Faces))
		}
	}
}

func TestBadFace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "face.png")
	if err := os.WriteFile(file, []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, face := range []string{file, file + ".missing", ""} {
		f, err := Parse("usage", "out.png", []string{"-face", face})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Request(t.Context()); err == nil || !strings.Contains(err.Error(), face) {
			t.Errorf("%q: %v", face, err)
		}
		if f, err = Parse("usage", "out.png", []string{"-photo", face}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Request(t.Context()); err == nil || !strings.Contains(err.Error(), face) {
			t.Errorf("-photo %q: %v", face, err)
		}
	}
	if f, err := Parse("usage", "out.png", []string{"-photo", goodPhoto, "-photo", file}); err != nil {
		t.Fatal(err)
	} else if _, err := f.Request(t.Context()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("second -photo: %v", err)
	}
	f, err := Parse("usage", "out.png", []string{"-photo", file, "-face", file})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Request(t.Context()); err == nil || !strings.Contains(err.Error(), "only one") {
		t.Errorf("-photo and -face: %v", err)
	}
}
