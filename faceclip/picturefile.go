package faceclip

import (
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/jpegtext"
	"github.com/faceclip-go/faceclip-go/internal/picture"
	"github.com/faceclip-go/faceclip-go/internal/pngtext"
)

const (
	jpegQuality = 95
	maxMetadata = jpegtext.Max - 1<<10 // bytes of all texts of a picture; what else segments take is less
)

// WritePNG writes a generated picture with its metadata: a text for each of its fields and, as XMP, the mark that IPTC has for
// media that a trained model made. Bytes of texts that are not UTF-8, and zeros, become U+FFFD. docs/metadata.md has the names.
func WritePNG(w io.Writer, img image.Image, m Metadata) error {
	entries, err := m.written()
	if err != nil {
		return fmt.Errorf("faceclip: write PNG: %w", err)
	}
	var texts []byte
	for _, e := range entries {
		texts = pngtext.Append(texts, e.key, e.text)
	}
	texts = pngtext.Append(texts, pngtext.XMP, xmp)
	err = encode(img, func(img image.Image) error { return png.Encode(&inserter{w, pngtext.Head, texts}, img) })
	if err != nil {
		return fmt.Errorf("faceclip: write PNG: %w", err)
	}
	return nil
}

// WriteJPEG is [WritePNG] for JPEG, of quality 95 and at most 65,535 pixels a side. The texts are a comment, an object of JSON.
func WriteJPEG(w io.Writer, img image.Image, m Metadata) error {
	entries, err := m.written()
	if err != nil {
		return fmt.Errorf("faceclip: write JPEG: %w", err)
	}
	texts := jpegtext.AppendComment(jpegtext.AppendXMP(nil, xmp), object(entries))
	err = encode(img, func(img image.Image) error {
		return jpeg.Encode(&inserter{w, len(jpegtext.Start), texts}, img, &jpeg.Options{Quality: jpegQuality})
	})
	if err != nil {
		return fmt.Errorf("faceclip: write JPEG: %w", err)
	}
	return nil
}

// written returns the entries that are written, as they can be.
func (m Metadata) written() (entries []entry, err error) {
	for _, e := range m.entries() {
		if e.none {
			continue
		}
		e.text = strings.ReplaceAll(strings.ToValidUTF8(e.text, "\uFFFD"), "\x00", "\uFFFD")
		entries = append(entries, e)
	}
	if size := len(object(entries)); size > maxMetadata {
		return nil, fmt.Errorf("metadata of %d bytes, at most %d are possible", size, maxMetadata)
	}
	return entries, nil
}

// object returns entries as an object of JSON, in their order.
func object(entries []entry) string {
	var b strings.Builder
	for i, e := range entries {
		b.WriteString([]string{"{", ", "}[min(i, 1)])
		fmt.Fprintf(&b, "%s: %s", quoted(e.key), quoted(e.text))
	}
	return b.String() + "}"
}

func quoted(s string) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.Encode(s) // which cannot fail: it is valid UTF-8
	return strings.TrimSuffix(b.String(), "\n")
}

// xmp is the mark of generated pictures.
const xmp = "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>" + `
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <xmp:CreatorTool>` + softwareName + `</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`

// encode lets write encode a picture of a caller.
func encode(img image.Image, write func(image.Image) error) error {
	img, err := picture.Admit(img, math.MaxInt32)
	if err != nil {
		return fmt.Errorf("the picture %w", err)
	}
	if b := img.Bounds(); b.Empty() {
		return fmt.Errorf("the picture is empty: %v", b)
	}
	return picture.Guard(func() error { return write(img) })
}

// An inserter writes what it is given with something inserted after the first bytes.
type inserter struct {
	io.Writer
	after  int
	insert []byte
}

func (i *inserter) Write(b []byte) (int, error) {
	if i.insert == nil {
		return i.Writer.Write(b)
	}
	n, err := i.Writer.Write(b[:min(i.after, len(b))])
	if i.after -= n; i.after > 0 || err != nil {
		return n, err
	}
	if _, err := i.Writer.Write(i.insert); err != nil {
		return n, err
	}
	i.insert = nil
	rest, err := i.Writer.Write(b[n:])
	return n + rest, err
}
