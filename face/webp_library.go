//go:build !s390x

package face

import (
	"bytes"
	"image"

	"github.com/deepteams/webp"
)

func decodeWebPConfig(file []byte) (image.Config, error) {
	return webp.DecodeConfig(bytes.NewReader(file))
}

func decodeWebP(file []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(file)) }
