/* A shared object that is no plugin. */
int no_symbol_answer(void);

int
no_symbol_answer(void)
{
    return 42;
}
