package pyjson

import "testing"

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1}`:                             `{"a": 1}`,
		"\ufeff{}\r\n":                         "{}\r\n",
		`[NaN, -Infinity,Infinity]`:            `["NaN", "-Infinity","Infinity"]`,
		`{"NaN": "a \"NaN\" \\", "b": NaN}`:    `{"NaN": "a \"NaN\" \\", "b": "NaN"}`,
		"\ufeff\ufeff{}":                       "\ufeff{}",
		`{"open: NaN`:                          `{"open: "NaN"`, // an error before and after
		"{\"a\": \"\ufeff\", \"b\": Infinity}": "{\"a\": \"\ufeff\", \"b\": \"Infinity\"}",
	} {
		if got := string(JSON([]byte(text))); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := string(Text([]byte("\ufeff#version NaN"))); got != "#version NaN" {
		t.Errorf("text: %q", got)
	}
}
