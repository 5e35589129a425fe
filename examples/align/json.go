package main

import (
	"encoding/json"
	"io"

	"github.com/faceclip-go/faceclip-go/face"
)

// A record is a face in JSON. Coordinates are pixels of the upright photo.
type record struct {
	Box       [4]int        `json:"box"`    // left, top, right, bottom
	Points    [5][2]float64 `json:"points"` // eyes, nose, corners of the mouth
	Score     float64       `json:"score"`
	Transform [6]float64    `json:"transform"`
}

// writeJSON writes one object in one line.
func writeJSON(w io.Writer, faces []face.Face) error {
	records := make([]record, len(faces))
	for i, f := range faces {
		r := record{
			Box:   [4]int{f.Box.Min.X, f.Box.Min.Y, f.Box.Max.X, f.Box.Max.Y},
			Score: f.Score, Transform: f.Transform(),
		}
		for j, p := range f.Points {
			r.Points[j] = [2]float64{p.X, p.Y}
		}
		records[i] = r
	}
	return json.NewEncoder(w).Encode(map[string][]record{"faces": records})
}
