package main

import (
	"fmt"
	"sync"
)

func main() {
	var lock sync.Mutex
	var group sync.WaitGroup
	total := 0
	results := make(chan int, 8)
	for k := 0; k < 8; k++ {
		group.Add(1)
		go func(k int) {
			defer group.Done()
			for n := 0; n < 100; n++ {
				lock.Lock()
				total += n
				lock.Unlock()
			}
			results <- k
		}(k)
	}
	group.Wait()
	close(results)
	sum := 0
	for k := range results {
		sum += k
	}
	fmt.Println(total, sum)
}
