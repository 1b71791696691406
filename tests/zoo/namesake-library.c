/* The library of namesake.c. */
int json_object_iter_next(void);

int
json_object_iter_next(void)
{
    return 42;
}
