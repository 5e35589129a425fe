package tensor

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestDTypeText checks that every element type has a name that gives it back, and the names as they are elsewhere.
func TestDTypeText(t *testing.T) {
	all := []DType{F32, F16, BF16, I8, U8, I32, I64, F8E4M3, F8E5M2}
	text, err := json.Marshal(map[string]any{"all": all, "by": map[DType]int{BF16: 1}})
	if want := `{"all":["f32","f16","bf16","i8","u8","i32","i64","f8_e4m3","f8_e5m2"],"by":{"bf16":1}}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
	var got struct {
		All []DType
		By  map[DType]int
	}
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got.All, all) || got.By[BF16] != 1 {
		t.Errorf("%s became %v, %v", text, got, err)
	}
}

func TestDTypeTextErrors(t *testing.T) {
	for _, d := range []DType{0, F8E5M2 + 1, 255} {
		if text, err := d.MarshalText(); err == nil {
			t.Errorf("%v became %q", d, text)
		}
	}
	for _, name := range []string{"", "F32", "float32", "f64", "dtype(0)", strings.Repeat("f", 1<<20)} {
		d := BF16
		if err := d.UnmarshalText([]byte(name)); err == nil || d != BF16 || len(err.Error()) > 200 || !strings.Contains(err.Error(), "f32, f16, bf16") {
			t.Errorf("%.40q became %v, %v", name, d, err)
		}
	}
}
