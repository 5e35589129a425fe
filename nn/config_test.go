package nn

import (
	"strings"
	"testing"
)

// TestHeads has numbers of heads that attention cannot take.
func TestHeads(t *testing.T) {
	for want, c := range map[string][2]int{
		"":                             {4, 1024},
		"heads: 3 does not divide":     {3, 1024},
		"heads: 0 does not divide":     {0, 1024},
		"width 14000 with heads 1":     {1, 14000},
		"width 131072 with heads 8: 1": {8, 131072},
	} {
		err := CheckHeads(Size{"heads", c[0]}, Size{"width", c[1]})
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error that names %q", c, err, want)
		}
	}
}

// TestFixed has fields with the values that they have to have, and with others.
func TestFixed(t *testing.T) {
	fixed := Fixed{"eps": 1e-5, "kernel": 3, "act": "silu", "class": nil, "only": OneOf{nil, false}}
	for text, want := range map[string]string{
		`{}`: "",
		`{"eps": 0.00001, "kernel": 3.0, "act": "silu", "class": null, "only": null, "other": [1e999]}`: "",
		`{"only": false, "act": ["silu", "silu"], "kernel": []}`:                                        "",
		`{"eps": 1e-6}`:              "config: eps: 0.000001 is not implemented, expected 0.00001",
		`{"kernel": "3"}`:            `kernel: "3" is not implemented, expected 3`,
		`{"kernel": 1e999}`:          "kernel: 1e999",
		`{"kernel": null}`:           "kernel: null",
		`{"act": ["silu", "gelu"]}`:  `act: "gelu" is not implemented, expected "silu"`,
		`{"kernel": 1, "act": ""}`:   `config: act: "" is not implemented, expected "silu"; kernel: 1 is`,
		`{"class": {"a": 1}}`:        `class: {"a":1} is not implemented, expected null`,
		`{"only": [false, true]}`:    "only: true is not implemented, expected null or false",
		`{"kernel": 3, "kernel": 4}`: "kernel: 4",
		`{`:                          "unexpected end",
		`{"width": "a"}`:             "width",
	} {
		var c struct {
			Width int `json:"width"`
		}
		err := fixed.Unmarshal([]byte(text), &c)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
