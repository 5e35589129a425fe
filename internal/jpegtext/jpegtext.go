// Package jpegtext reads and writes the texts that JPEG files hold beside the picture.
package jpegtext

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// Start is what JPEG files begin with. Texts can be put behind it.
	Start = "\xff\xd8"
	// Max is what all comments together can have, in bytes, with what each takes beside its text.
	Max = 1 << 20

	beside      = 32            // bytes that a comment takes beside its text
	longest     = 1<<16 - 1 - 2 // bytes of a segment, without its length
	xmpHeader   = "http://ns.adobe.com/xap/1.0/\x00"
	comment     = 0xfe
	application = 0xe1
	startOfScan = 0xda
	end         = 0xd9
)

// AppendComment appends a comment, in several segments if it is too long for one.
func AppendComment(data []byte, text string) []byte {
	for len(text) > longest {
		data, text = appendSegment(data, comment, text[:longest]), text[longest:]
	}
	return appendSegment(data, comment, text)
}

// AppendXMP appends a text in that format, of 65,504 bytes at most.
func AppendXMP(data []byte, xmp string) []byte {
	return appendSegment(data, application, xmpHeader+xmp)
}

func appendSegment(data []byte, marker byte, text string) []byte {
	data = binary.BigEndian.AppendUint16(append(data, 0xff, marker), uint16(2+len(text)))
	return append(data, text...)
}

// Comments returns the comments of a JPEG file as they are in its segments. It reads to the picture.
func Comments(r io.Reader) (comments [][]byte, err error) {
	in, left, buffer := bufio.NewReader(r), Max, make([]byte, longest)
	var start [len(Start)]byte
	if _, err := io.ReadFull(in, start[:]); err != nil || string(start[:]) != Start {
		return nil, errors.New("no JPEG file")
	}
	for {
		marker, err := next(in)
		switch {
		case err != nil:
			return nil, err
		case marker == startOfScan || marker == end:
			return comments, nil
		case marker == 1 || marker >= 0xd0 && marker <= 0xd7: // these have no length
			continue
		}
		data, err := segment(in, buffer)
		if err != nil {
			return nil, err
		}
		if marker != comment {
			continue
		}
		if left -= beside + len(data); left < 0 {
			return nil, fmt.Errorf("comments of more than %d bytes", Max)
		}
		comments = append(comments, bytes.Clone(data))
	}
}

// next reads a marker, with any number of bytes to fill before it.
func next(in *bufio.Reader) (marker byte, err error) {
	if marker, err = in.ReadByte(); err == nil && marker != 0xff {
		return 0, errors.New("no marker where a segment begins")
	}
	for marker == 0xff && err == nil {
		marker, err = in.ReadByte()
	}
	return marker, incomplete(err)
}

// segment reads the data of a segment into a buffer.
func segment(in io.Reader, buffer []byte) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, incomplete(err)
	}
	n := int(binary.BigEndian.Uint16(size[:])) - len(size)
	if n < 0 {
		return nil, errors.New("a segment shorter than its length")
	}
	_, err := io.ReadFull(in, buffer[:n])
	return buffer[:n], incomplete(err)
}

// incomplete returns what is wrong with a file that ends too early.
func incomplete(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
