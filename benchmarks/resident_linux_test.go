package benchmarks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/faceclip-go/faceclip-go/face"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini"
)

// A drawing is one that a process of its own does with as little memory as it is planned to take.
type drawing struct {
	Dir                  string
	Width, Height, Steps int
	Enlarged             int // times that a photo of half a megapixel is enlarged; 0: none is given
	Preview, Long        bool
}

// TestResidentMemory draws in processes of their own with the least Options.Memory that is admitted, and compares what they held
// at most with it.
func TestResidentMemory(t *testing.T) {
	if text := os.Getenv("FACECLIP_DRAWING"); text != "" {
		var d drawing
		must(t, json.Unmarshal([]byte(text), &d))
		d.draw(t)
		return
	}
	if testing.Short() {
		t.Skip("makes models on disk")
	}
	models := t.TempDir()
	for _, system := range []mini.System{mini.SDXL, mini.FLUX} {
		must(t, os.CopyFS(filepath.Join(models, string(system)), mini.Random(system)))
	}
	for _, d := range []drawing{
		{Dir: "sdxl", Width: 64, Height: 64, Steps: 30},
		{Dir: "sdxl", Width: 256, Height: 512, Steps: 2, Preview: true},
		{Dir: "flux", Width: 64, Height: 64, Steps: 30, Preview: true},
		{Dir: "flux", Width: 512, Height: 256, Steps: 2},
		{Dir: "sdxl", Width: 64, Height: 64, Steps: 2, Enlarged: 5},
		{Dir: "sdxl", Width: 2048, Height: 1024, Steps: 1, Preview: true, Long: true},
		{Dir: "flux", Width: 64, Height: 64, Steps: 1, Enlarged: 14, Long: true},
	} {
		t.Run(fmt.Sprintf("%s %dx%d %d", d.Dir, d.Width, d.Height, d.Enlarged), func(t *testing.T) {
			if d.Long && !*long {
				t.Skip("takes long")
			}
			d.Dir = filepath.Join(models, d.Dir)
			text, err := json.Marshal(d)
			must(t, err)
			c := exec.Command(os.Args[0], "-test.run=^TestResidentMemory$", "-test.v")
			c.Env = append(os.Environ(), "FACECLIP_DRAWING="+string(text))
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for line := range bytes.Lines(out) {
				if bytes.Contains(line, []byte("planned")) {
					t.Logf("%s", bytes.TrimSpace(line))
				}
			}
		})
	}
}

func (d drawing) draw(t *testing.T) {
	ctx := context.Background()
	r := &faceclip.Request{Prompt: "a man", Width: d.Width, Height: d.Height, Steps: d.Steps}
	if d.Enlarged > 0 {
		r.Photo = enlarged{photo(t), d.Enlarged}
	}
	if d.Preview {
		r.Progress = func(p faceclip.Progress) {
			if p.Preview != nil {
				p.Preview()
			}
		}
	}
	p, err := faceclip.Open(ctx, d.Dir, nil)
	must(t, err)
	plan, err := p.Plan(r)
	must(t, err)
	must(t, p.Close())
	p, err = faceclip.Open(ctx, d.Dir, &faceclip.Options{Memory: plan.Private})
	must(t, err)
	defer p.Close()
	_, err = p.Generate(ctx, r)
	must(t, err)
	held := status(t, "VmHWM")
	t.Logf("%d MB planned, %d held, %.0f %%", plan.Private>>20, held>>20, 100*float64(held)/float64(plan.Private))
	if float64(held) > 1.05*float64(plan.Private) {
		t.Errorf("held %d bytes, planned %d", held, plan.Private)
	}
}

// photo returns one with a face.
func photo(t *testing.T) image.Image {
	f, err := os.Open("../face/testdata/faces/0001.jpg")
	must(t, err)
	defer f.Close()
	img, err := face.Decode(context.Background(), f)
	must(t, err)
	out := image.NewNRGBA(image.Rect(0, 0, 700, 700))
	draw.Draw(out, img.Bounds().Add(image.Pt(120, 120)), img, img.Bounds().Min, draw.Src)
	return out
}

// enlarged is an image whose pixels are squares of some pixels a side.
type enlarged struct {
	image.Image
	by int
}

func (e enlarged) Bounds() image.Rectangle {
	b := e.Image.Bounds()
	return image.Rectangle{b.Min.Mul(e.by), b.Max.Mul(e.by)}
}

func (e enlarged) At(x, y int) color.Color { return e.Image.At(x/e.by, y/e.by) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
