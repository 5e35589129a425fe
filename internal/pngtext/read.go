package pngtext

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Read returns those texts of a PNG file whose keys are asked for; of several with one key the last. It reads to the end of the
// picture, of which it holds nothing.
func Read(r io.Reader, keys []string) (map[string]string, error) {
	in := bufio.NewReader(r)
	signature := make([]byte, len(Signature))
	if _, err := io.ReadFull(in, signature); err != nil || string(signature) != Signature {
		return nil, fmt.Errorf("no PNG file")
	}
	texts := map[string]string{}
	var data bytes.Buffer // which grows with what there is, not with what is said
	for {
		var head [8]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return nil, incomplete(err)
		}
		kind, size := string(head[4:]), int64(binary.BigEndian.Uint32(head[:]))
		if kind == "IEND" {
			return texts, nil
		}
		var err error
		if _, ok := Of(kind, nil); ok && size <= Max {
			data.Reset()
			if _, err = io.CopyN(&data, in, size+4); err == nil {
				err = addText(texts, keys, kind, data.Bytes())
			}
		} else {
			_, err = io.CopyN(io.Discard, in, size+4)
		}
		if err != nil {
			return nil, incomplete(err)
		}
	}
}

// addText adds the text of a chunk, which ends with its checksum, if the key is asked for.
func addText(texts map[string]string, keys []string, kind string, data []byte) error {
	chunk, sum := data[:len(data)-4], data[len(data)-4:]
	t, _ := Of(kind, chunk)
	if !slices.Contains(keys, t.Key) {
		return nil
	}
	text, ok := t.String()
	if !ok || crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, chunk) != binary.BigEndian.Uint32(sum) {
		return fmt.Errorf("the text %q is damaged", t.Key)
	}
	texts[t.Key] = text
	return nil
}

// incomplete returns what is wrong with a file that ends too early.
func incomplete(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
