package faceclip

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// writers are both ways to write a picture.
var writers = map[string]func(io.Writer, image.Image, Metadata) error{"PNG": WritePNG, "JPEG": WriteJPEG}

func picture4() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	img.SetNRGBA(1, 2, color.NRGBA{10, 20, 30, 255})
	return img
}

// TestMetadata draws pictures, and again by what is read in their files: they are the same, bit for bit.
func TestMetadata(t *testing.T) {
	for name, system := range map[string]string{"sdxl": "FaceCLIP-SDXL", "flux": "FaceT5-FLUX"} {
		p := openFS(t, minis[name], &Options{Compute: tensor.BF16})
		r := small16()
		r.Face, r.Prompt, r.Seed, r.Guidance = nil, "a chef", -5, Guidance{Scale: 2.5, From: 0.25, Until: 0.75, Rescale: 0.5}
		r.Noise = "torch-2.15"
		m, err := p.Metadata(r)
		must(t, err)
		if m.System != system || m.Weights != p.Info().Fingerprint || m.Guidance.Negative == nil || m.Sampler == "" || m.Compute != tensor.BF16 {
			t.Errorf("%+v", m)
		}
		img := generate(t, p, r)
		for format, write := range writers {
			var file bytes.Buffer
			must(t, write(&file, img, m))
			got, err := ReadMetadata(&file)
			must(t, err)
			if !reflect.DeepEqual(got, m) {
				t.Errorf("%s: %+v, want %+v", format, got, m)
			}
			again := generate(t, p, &Request{
				Prompt: got.Prompt, Seed: got.Seed, Width: got.Width, Height: got.Height, Steps: got.Steps,
				Guidance: got.Guidance, Sampler: got.Sampler, Schedule: got.Schedule, Noise: got.Noise,
			})
			if !reflect.DeepEqual(again, img) {
				t.Errorf("%s: another picture", format)
			}
		}
		r.Steps = -1
		if _, err := p.Metadata(r); !errors.As(err, new(*RequestError)) {
			t.Error(err)
		}
	}
}

// TestVersion has what the go command says of programs.
func TestVersion(t *testing.T) {
	const path = "github.com/faceclip-go/faceclip-go"
	folder := &debug.Module{Path: "../faceclip-go", Version: "(devel)"}
	fork := &debug.Module{Path: "example.com/fork", Version: "v1.2.4"}
	other := debug.Module{Path: "example.com/program", Version: "v3.0.0"}
	for want, info := range map[string]debug.BuildInfo{
		"v1.2.3": {Main: other, Deps: []*debug.Module{{Path: path, Version: "v1.2.3"}}},
		"v1.2.4": {Main: other, Deps: []*debug.Module{{Path: path, Version: "v1.2.3", Replace: fork}}},
		"v1.2.5": {Main: debug.Module{Path: path, Version: "v1.2.5"}, Deps: []*debug.Module{&other}},
		"":       {Main: other, Deps: []*debug.Module{{Path: path, Version: "v0.0.0", Replace: folder}}},
	} {
		if got := versionIn(&info); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, info := range []debug.BuildInfo{{}, {Main: debug.Module{Path: path, Version: "(devel)"}}, {Main: other}} {
		if got := versionIn(&info); got != "" {
			t.Errorf("got %q of %v", got, info)
		}
	}
}

// TestMetadataOfCondition checks that a condition remembers its prompts.
func TestMetadataOfCondition(t *testing.T) {
	p, negative := openMini(t, nil), "blurred"
	c, err := p.Encode(t.Context(), &Request{Prompt: "a chef", Guidance: Guidance{Negative: &negative}})
	must(t, err)
	m, err := p.Metadata(&Request{Condition: c})
	must(t, err)
	if m.Prompt != "a chef" || *m.Guidance.Negative != negative {
		t.Errorf("%+v", m)
	}
	*m.Guidance.Negative = "changed"
	if m, _ := p.Metadata(&Request{Condition: c}); negative != "blurred" || *m.Guidance.Negative != "blurred" {
		t.Error("the metadata share the prompt")
	}
}

// TestWrittenMetadata has metadata of all kinds. What is not valid text is replaced.
func TestWrittenMetadata(t *testing.T) {
	long := strings.Repeat("€", maxPrompt/3)
	negative := func(s string) Guidance { return Guidance{Negative: &s} }
	for _, c := range []struct{ from, want Metadata }{
		{},
		{from: Metadata{Version: "v1.2.3 of mine", System: "s", Model: " a\r\nb\t", Sampler: `"\u0000`, Schedule: "{}"}},
		{from: Metadata{Seed: math.MinInt64, Width: -1, Height: math.MaxInt, Steps: math.MinInt}},
		{from: Metadata{Steps: 1, Guidance: Guidance{Scale: math.SmallestNonzeroFloat32, From: -1e-30, Until: math.MaxFloat32, Rescale: 1e-7}}},
		{from: Metadata{Guidance: negative("")}},
		{from: Metadata{Prompt: long, Guidance: negative(long), Model: strings.Repeat("\x01\"", 1<<15)}},
		{from: Metadata{Prompt: "a\xffb\x00c\xc3", Steps: 2}, want: Metadata{Prompt: "a\uFFFDb\uFFFDc\uFFFD", Steps: 2}},
		{from: Metadata{Prompt: "\u2028<&>\U0001F600\uFEFF"}},
	} {
		if reflect.ValueOf(c.want).IsZero() {
			c.want = c.from
		}
		for name, write := range writers {
			var file bytes.Buffer
			if err := write(&file, picture4(), c.from); err != nil {
				t.Errorf("%s of %.60v: %v", name, c.from, err)
				continue
			}
			written := bytes.Clone(file.Bytes())
			if got, err := ReadMetadata(&file); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %.200v, want %.200v; %v", name, got, c.want, err)
			}
			if !bytes.Contains(written, []byte("digitalsourcetype/trainedAlgorithmicMedia<")) {
				t.Errorf("%s: not marked", name)
			}
		}
	}
}

// TestWrittenPictures checks that metadata leave a picture as the standard library writes it.
func TestWrittenPictures(t *testing.T) {
	var file, plain bytes.Buffer
	must(t, WritePNG(&file, picture4(), Metadata{Prompt: "p"}))
	img, err := png.Decode(bytes.NewReader(file.Bytes()))
	must(t, err)
	for i := range 16 {
		if x, y := i%4, i/4; color.NRGBAModel.Convert(img.At(x, y)) != picture4().At(x, y) {
			t.Fatalf("(%d, %d) is %v", x, y, img.At(x, y))
		}
	}
	if at := bytes.Index(file.Bytes(), []byte("iTXtprompt\x00\x00\x00\x00\x00p")); at < 33 || at > bytes.Index(file.Bytes(), []byte("IDAT")) {
		t.Errorf("the prompt is at %d", at)
	}
	file.Reset()
	must(t, WriteJPEG(&file, picture4(), Metadata{}))
	must(t, jpeg.Encode(&plain, picture4(), &jpeg.Options{Quality: 95}))
	if !bytes.HasSuffix(file.Bytes(), plain.Bytes()[2:]) || !bytes.HasPrefix(file.Bytes(), []byte("\xff\xd8\xff\xe1")) {
		t.Error("not the picture of the standard library")
	}
}

// TestNotWritten checks that pictures and metadata that cannot be written are errors.
func TestNotWritten(t *testing.T) {
	for name, write := range writers {
		for what, img := range hostile(16) {
			odd := what == "bounds that grow" || what == "a palette without its colour" // which can be written all the same
			if err := write(io.Discard, img, Metadata{}); err == nil && !odd {
				t.Errorf("%s of %s: no error", name, what)
			}
		}
		if err := write(io.Discard, image.NewGray(image.Rect(0, 0, 0, 5)), Metadata{}); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%s: empty picture: %v", name, err)
		}
		if err := write(io.Discard, picture4(), Metadata{Prompt: strings.Repeat("p", 1<<20)}); err == nil || !strings.Contains(err.Error(), "1048") {
			t.Errorf("%s: long prompt: %v", name, err)
		}
		full := errors.New("full")
		for n := range 4 {
			if err := write(&fullAfter{n * 200, full}, picture4(), Metadata{}); !errors.Is(err, full) {
				t.Errorf("%s: after %d bytes: %v", name, n*200, err)
			}
		}
	}
}

// A fullAfter takes some bytes.
type fullAfter struct {
	left int
	err  error
}

func (f *fullAfter) Write(b []byte) (int, error) {
	n := min(f.left, len(b))
	if f.left -= n; n < len(b) {
		return n, f.err
	}
	return n, nil
}

// TestForeignMetadata reads the texts in all forms in which Pillow writes them.
func TestForeignMetadata(t *testing.T) {
	negative := ""
	want := Metadata{
		Version: "v1.2.3", System: "FaceCLIP-SDXL", Model: "my model", Weights: "0123abcd", Prompt: "Ein Käfer, größer als 5 µm\nund \"laut\"",
		Seed: math.MinInt64, Width: 864, Height: 1152, Steps: 50, Sampler: "dpm++2m", Schedule: "karras", Noise: "torch-2.15",
		Guidance: Guidance{Scale: 5.5, Negative: &negative, From: 0.25, Until: 0.75, Rescale: 0.7},
	}
	for name, want := range map[string]Metadata{
		"latin1.png": want, "zipped.png": want, "utf8.png": want, "utf8-zipped.png": want, "comment.jpg": want, "plain.png": {}, "plain.jpg": {},
	} {
		file, err := os.Open(filepath.Join("testdata/metadata", name))
		must(t, err)
		defer file.Close()
		got, err := ReadMetadata(file)
		if none := want == (Metadata{}); none != errors.Is(err, ErrNoMetadata) || !none && err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v; %v", name, got, want, err)
		}
	}
}

// TestDamagedMetadata checks that what is cut or wrong is an error that says so.
func TestDamagedMetadata(t *testing.T) {
	for name, write := range writers {
		var file bytes.Buffer
		must(t, write(&file, picture4(), Metadata{Prompt: "p", Steps: 5}))
		whole := file.Bytes()
		needed := len(whole) - 4 // the checksum of nothing
		if name == "JPEG" {      // what follows is not read
			needed = bytes.Index(whole, []byte("\xff\xda")) + 2
		}
		for n := range needed {
			if m, err := ReadMetadata(bytes.NewReader(whole[:n])); err == nil || m != (Metadata{}) {
				t.Fatalf("%s: the first %d of %d bytes: %+v, %v", name, n, len(whole), m, err)
			}
		}
		if _, err := ReadMetadata(bytes.NewReader(whole[:needed])); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	texts, _ := json.Marshal(map[string]string{"Software": "faceclip-go"})
	for key, texts := range map[string][]string{
		"Software": {"", "faceclip-goes", "GIMP"}, "seed": {"", "1.5", "x", "9223372036854775808"}, "steps": {"", "0x10", "1e3"},
		"size": {"", "8", "x", "8x", "8x8x8"}, "guidance": {"five", "1e99"}, "guided": {"0-1", "0 to", ""}, "rescale": {"", "."},
	} {
		for _, text := range texts {
			e := []entry{{key: softwareKey, text: softwareName}, {key: key, text: text}}
			if _, err := ReadMetadata(strings.NewReader(jpegWith(object(e)))); err == nil || key != softwareKey && !strings.Contains(err.Error(), key) {
				t.Errorf("%s %q: %v", key, text, err)
			}
		}
	}
	for _, comment := range []string{`{"Software": "faceclip-go", "seed": 1}`, `{"Software": "faceclip-go"`, `{"Software": x}`} {
		if _, err := ReadMetadata(strings.NewReader(jpegWith(comment))); err == nil || errors.Is(err, ErrNoMetadata) {
			t.Errorf("%s: %v", comment, err)
		}
	}
	if m, err := ReadMetadata(strings.NewReader(jpegWith("taken in Paris", string(texts)))); !errors.Is(err, ErrNoMetadata) {
		t.Errorf("%+v, %v", m, err) // not in our form
	}
}

// jpegWith returns the beginning of a JPEG file with comments.
func jpegWith(comments ...string) string {
	file := "\xff\xd8"
	for _, c := range comments {
		file += fmt.Sprintf("\xff\xfe%c%c%s", (len(c)+2)>>8, (len(c)+2)&255, c)
	}
	return file + "\xff\xda"
}

// TestBoastingMetadata checks that nothing is taken because a file says how much it has.
func TestBoastingMetadata(t *testing.T) {
	const head = "\x89PNG\r\n\x1a\n"
	for name, file := range map[string]io.Reader{
		"a long text":           strings.NewReader(head + "\xff\xff\xff\xfftEXtprompt\x00"),
		"a text of a mebibyte":  strings.NewReader(head + "\x00\x10\x00\x00tEXtprompt\x00"),
		"endless texts":         io.MultiReader(strings.NewReader(head), io.LimitReader(&repeated{text: "\x00\x00\x00\x07tEXtother\x00x\xcf\x08\x5b\x52"}, 8<<20)),
		"endless comments":      io.MultiReader(strings.NewReader("\xff\xd8"), io.LimitReader(&repeated{text: "\xff\xfe\x00\x02"}, 64<<20)),
		"endless long comments": io.MultiReader(strings.NewReader("\xff\xd8"), io.LimitReader(&repeated{text: "\xff\xfe\xff\xff" + strings.Repeat("c", 65533)}, 64<<20)),
		"endless fill":          io.MultiReader(strings.NewReader("\xff\xd8"), io.LimitReader(&repeated{text: "\xff"}, 64<<20)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadMetadata(file)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; err == nil || taken > 64<<20 {
			t.Errorf("%s: %d bytes, %v", name, taken, err)
		}
	}
}

// A repeated text never ends.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(b []byte) (n int, err error) {
	for n < len(b) {
		copied := copy(b[n:], r.text[r.at:])
		n, r.at = n+copied, (r.at+copied)%len(r.text)
	}
	return n, nil
}

// FuzzReadMetadata reads anything. What can be read can be written, and is read the same again.
func FuzzReadMetadata(f *testing.F) {
	files, err := filepath.Glob("testdata/metadata/*.*g")
	if err != nil || len(files) < 7 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(jpegWith(`{"Software": "faceclip-go", "prompt": "a`, `b", "seed": "-5", "guided": "0.5 to 1"}`)))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := ReadMetadata(bytes.NewReader(file))
		if err != nil {
			if !reflect.ValueOf(m).IsZero() {
				t.Fatalf("%+v, %v", m, err)
			}
			return
		}
		for name, write := range writers {
			var out bytes.Buffer
			if err := write(&out, picture4(), m); err != nil {
				t.Fatal(err)
			}
			again, err := ReadMetadata(&out)
			if g := m.Guidance; g.Scale == g.Scale && g.From == g.From && g.Until == g.Until && g.Rescale == g.Rescale && !reflect.DeepEqual(again, m) || err != nil {
				t.Fatalf("%s: %+v became %+v, %v", name, m, again, err)
			}
		}
	})
}
