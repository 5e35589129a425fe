package cuda

import (
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
)

// argsSizes are the bytes of what kernels are launched with, by the first word of their names.
var argsSizes = map[string]uintptr{
	"gemm": unsafe.Sizeof(productArgs{}), "gemv": unsafe.Sizeof(productArgs{}),
	"conv": unsafe.Sizeof(convArgs{}), "attention": unsafe.Sizeof(attentionArgs{}),
	"layernorm": unsafe.Sizeof(norm{}), "rmsnorm": unsafe.Sizeof(norm{}), "groupnorm": unsafe.Sizeof(groupNorm{}),
	"copy": unsafe.Sizeof(elementwise{}), "act": unsafe.Sizeof(elementwise{}), "glu": unsafe.Sizeof(elementwise{}),
	"add": unsafe.Sizeof(elementwise{}), "lincomb": unsafe.Sizeof(elementwise{}),
	"gather": unsafe.Sizeof(gather{}), "rope": unsafe.Sizeof(rope{}), "deform": unsafe.Sizeof(deform{}),
}

// TestArguments holds the structs that kernels are launched with against those that they take.
func TestArguments(t *testing.T) {
	parameter := regexp.MustCompile(`\.entry (\w+)\(\s*\.param \.align 8 \.b8 \w+\[(\d+)\]\s*\)`)
	files, err := fs.Glob(kernels.PTX, "*.ptx")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := kernels.PTX.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := parameter.FindAllStringSubmatch(string(text), -1)
		if n := strings.Count(string(text), ".entry "); len(found) != n {
			t.Errorf("%s: %d of %d kernels take one struct", name, len(found), n)
		}
		for _, kernel := range found {
			family, _, _ := strings.Cut(kernel[1], "_")
			if size, _ := strconv.Atoi(kernel[2]); uintptr(size) != argsSizes[family] {
				t.Errorf("%s takes %d bytes, is launched with %d", kernel[1], size, argsSizes[family])
			}
		}
	}
}
