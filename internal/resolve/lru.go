package resolve

import (
	"container/list"
	"sync"
	"time"
)

// lru is a bounded cache whose entries also end with their time.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	max   int
	items map[K]*list.Element
	order *list.List // most recently used first
}

type lruItem[K comparable, V any] struct {
	key     K
	value   V
	expires time.Time
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	return &lru[K, V]{max: size, items: map[K]*list.Element{}, order: list.New()}
}

func (c *lru[K, V]) get(k K, now time.Time) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var none V
	e, ok := c.items[k]
	if !ok {
		return none, false
	}
	item := e.Value.(*lruItem[K, V])
	if !item.expires.After(now) {
		c.order.Remove(e)
		delete(c.items, k)
		return none, false
	}
	c.order.MoveToFront(e)
	return item.value, true
}

func (c *lru[K, V]) put(k K, v V, expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[k]; ok {
		e.Value = &lruItem[K, V]{k, v, expires}
		c.order.MoveToFront(e)
		return
	}
	c.items[k] = c.order.PushFront(&lruItem[K, V]{k, v, expires})
	for c.order.Len() > c.max {
		last := c.order.Back()
		delete(c.items, last.Value.(*lruItem[K, V]).key)
		c.order.Remove(last)
	}
}

// keep clamps a TTL to what we are willing to remember.
func keep(ttl time.Duration) time.Duration { return min(max(ttl, minTTL), maxTTL) }
