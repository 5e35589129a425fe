package tokenizer_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/faceclip-go/faceclip-go/internal/tokenizer"
)

func Example() {
	clip, err := tokenizer.NewCLIP(read("testdata/clip/vocab.json.gz"), read("testdata/clip/merges.txt.gz"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(clip.Size())
	fmt.Println(clip.FaceCLIPEncode("Photo of a id person."))
	fmt.Println(clip.FaceCLIP("Photo of a id person.")[:9])
	fmt.Println(clip.HF("Photo of a id person.")[:9])
	// Output:
	// 49408
	// [1125 539 320 1014 2533 269]
	// [49406 1125 539 320 1014 2533 269 49407 0]
	// [49406 1125 539 320 1014 2533 269 49407 49407]
}

func read(name string) []byte {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		log.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		log.Fatal(err)
	}
	return b
}
