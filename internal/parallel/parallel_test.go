package parallel

import (
	"slices"
	"testing"
)

func TestVisits(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 1000} {
		each, ranges := make([]int, n), make([]int, n)
		Each(n, func(i int) { each[i]++ })
		Ranges(n, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				ranges[i]++
			}
		})
		other := func(v int) bool { return v != 1 }
		if slices.ContainsFunc(each, other) || slices.ContainsFunc(ranges, other) {
			t.Errorf("%d: visits %v and, by ranges, %v", n, each, ranges)
		}
	}
}

func TestPanic(t *testing.T) {
	for name, loop := range map[string]func(){
		"Each": func() {
			Each(5, func(i int) {
				if i == 3 {
					panic("three")
				}
			})
		},
		"Ranges": func() {
			Ranges(5, func(lo, hi int) {
				if lo <= 3 && 3 < hi {
					panic("three")
				}
			})
		},
	} {
		func() {
			defer func() {
				if r := recover(); r != "three" {
					t.Errorf("%s: panic %v", name, r)
				}
			}()
			loop()
		}()
	}
}
